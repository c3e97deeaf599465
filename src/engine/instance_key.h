// The SSH key of this instance: it is put into every machine that cloud-init sets up, so that `visor shell` just works.
#pragma once

#include <filesystem>
#include <string>

#include "loop/awaitable.h"

namespace visor::engine {

class InstanceKey {
 public:
  /// `directory` is made when the key is first needed.
  explicit InstanceKey(std::filesystem::path directory);

  /// The public key, one line. Makes the pair with ssh-keygen when there is none.
  Awaitable<std::string> public_key();
  std::filesystem::path private_file() const { return directory_ / "id_ed25519"; }

 private:
  std::filesystem::path directory_;
};

}  // namespace visor::engine
