// The cloud-init medium of a copied guest: what its user gave for the first one, and an identity of its own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deploy/cloud_init.h"
#include "loop/awaitable.h"

namespace visor::deploy {

/// Who the copy is.
struct GuestIdentity {
  std::string instance_id;
  std::string hostname;
  std::vector<std::pair<std::string, std::string>> macs;  ///< of the first guest, and what the copy has instead
};

/// What a medium says of its guest. The password is known as a hash only.
struct SeedContent {
  CloudInit guest;
  std::string password_hash;
  std::string network_config;  ///< as it stands there; CloudInit::nics is empty
};

/// Reads a medium that make_seed_volume() has made. Throws Error `seed.unreadable` for anything else.
SeedContent read_seed(std::string_view volume);

/// Parts of the identity that the user data of the user fixes, so that a copy has them, too.
struct FixedIdentity {
  bool hostname = false;
  bool host_keys = false;
};
FixedIdentity fixed_identity(const std::string& user_data);

/// Writes the medium of a copy to `to` (readable by its owner only), made of the one in `from`: the same user, keys, password and
/// user data, but a new instance, which makes cloud-init set the guest up again.
Awaitable<FixedIdentity> copy_seed(std::filesystem::path from, std::filesystem::path to, GuestIdentity identity);

}  // namespace visor::deploy
