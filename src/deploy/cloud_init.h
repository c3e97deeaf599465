// What a guest learns at its first boot: host name, user, keys, by cloud-init's NoCloud data source.
#pragma once

#include <boost/describe.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "loop/awaitable.h"

namespace visor::deploy {

/// A network card with a fixed setup. Cards that are not listed use DHCP, as the image does by itself.
struct GuestNic {
  std::string mac;   ///< "52:54:00:12:34:56"
  std::string name;  ///< name of the interface in the guest: "lan0"
  bool dhcp = true;
  std::vector<std::string> addresses;  ///< "192.168.1.5/24", "fd00::5/64"
  std::string gateway;
  std::vector<std::string> name_servers;
};
BOOST_DESCRIBE_STRUCT(GuestNic, (), (mac, name, dhcp, addresses, gateway, name_servers))

/// The description of one guest.
struct CloudInit {
  std::string instance_id;  ///< a new one makes the guest set itself up again
  std::string hostname;
  std::string user;  ///< made with sudo rights
  std::vector<std::string> ssh_keys;
  std::string password;   ///< for the console; empty: the user logs in by key only
  std::string user_data;  ///< further user data: #cloud-config, a script (#!), or a MIME multi-part of several
  std::vector<GuestNic> nics;
  /// Its disk is a copy of one that has been booted before: cloud-init gives a new instance new SSH host keys by itself, this makes it
  /// also give it a machine id of its own (machine-id(5)).
  bool renew_machine_id = false;
};

/// The border between the parts of user data; refused in what users give.
inline constexpr std::string_view kSeedBoundary = "visor-user-data-c0a1f6f2d1b94e6c";

/// The documents of a NoCloud medium.
struct SeedDocuments {
  std::string user_data;
  std::string meta_data;
  std::string network_config;  ///< empty: the guest decides (DHCP)
};

/// Refuses what cloud-init would not understand: Error{validation, `cloud_init.invalid`} with every finding; the fields are named
/// as in the request that creates a machine (user, sshKeys, userData).
void validate(const CloudInit& guest);

/// The documents for `guest`, whose password has become `password_hash` (empty: no password). A pure function of its
/// arguments. Further user data is another part of a MIME message; where both say something, the further one wins, and lists
/// (users, runcmd, packages) are joined.
SeedDocuments make_seed_documents(const CloudInit& guest, const std::string& password_hash);

/// The bytes of the medium: a FAT volume labelled CIDATA.
std::string make_seed_volume(const SeedDocuments& documents);

/// Validates, hashes the password and writes the medium to `path`, readable by its owner only; an old one is replaced at once.
Awaitable<> write_seed(CloudInit guest, std::filesystem::path path);

}  // namespace visor::deploy
