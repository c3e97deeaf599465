#include "deploy/seed_copy.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "deploy/fat_volume.h"

namespace visor::deploy {
namespace {

CloudInit original(const std::string& user_data) {
  CloudInit guest;
  guest.instance_id = "first-id";
  guest.hostname = "first";
  guest.user = "ann";
  guest.ssh_keys = {"ssh-ed25519 AAAAC3Nza ann@home", "ssh-rsa AAAAB3Nza"};
  guest.user_data = user_data;
  return guest;
}

TEST(SeedCopy, everything_that_the_user_gave_is_found_again) {
  const std::string multi = "Content-Type: multipart/mixed; boundary=\"x\"\nMIME-Version: 1.0\n\n--x\n\n#cloud-config\n--x--\n";
  for (const std::string& user_data :
       {std::string(), std::string("#cloud-config\npackages: [nginx]\n"), std::string("#!/bin/sh\necho a\n\necho b"), multi}) {
    const std::string volume = make_seed_volume(make_seed_documents(original(user_data), "$6$salt$hash"));
    const SeedContent found = read_seed(volume);
    EXPECT_EQ(found.guest.user_data, user_data);
    EXPECT_EQ(found.guest.user, "ann");
    EXPECT_EQ(found.guest.hostname, "first");
    EXPECT_EQ(found.guest.instance_id, "first-id");
    EXPECT_EQ(found.guest.ssh_keys, original("").ssh_keys);
    EXPECT_EQ(found.password_hash, "$6$salt$hash");
    EXPECT_FALSE(found.guest.renew_machine_id);
    // Read back and written again it is the same, byte for byte.
    EXPECT_EQ(make_seed_volume(make_seed_documents(found.guest, found.password_hash)), volume);
  }
}

TEST(SeedCopy, a_copy_of_a_copy_renews_the_machine_id_once) {
  CloudInit guest = original("");
  guest.renew_machine_id = true;
  const SeedDocuments documents = make_seed_documents(guest, "");
  const boost::json::value config = json::parse(documents.user_data.substr(documents.user_data.find('\n') + 1));
  ASSERT_EQ(config.at("bootcmd").as_array().size(), 1U);
  EXPECT_EQ(config.at("bootcmd").at(0).at(0), "cloud-init-per");
  EXPECT_EQ(config.at("bootcmd").at(0).at(1), "instance");
  const SeedContent found = read_seed(make_seed_volume(documents));
  EXPECT_TRUE(found.guest.renew_machine_id);
  EXPECT_EQ(make_seed_documents(found.guest, "").user_data, documents.user_data);
}

TEST(SeedCopy, user_data_that_fixes_the_identity_is_told) {
  EXPECT_TRUE(fixed_identity("#cloud-config\nhostname: one\n").hostname);
  EXPECT_TRUE(fixed_identity("#cloud-config\nssh_keys:\n  rsa_private: x\n").host_keys);
  EXPECT_FALSE(fixed_identity("#cloud-config\nusers:\n- ssh_keys: x\n  hostname: y\n").host_keys);
  EXPECT_FALSE(fixed_identity("#cloud-config\nmy_hostname: one\n").hostname);
}

TEST(SeedCopy, a_damaged_medium_is_refused) {
  const std::string good = make_seed_volume(make_seed_documents(original("#!/bin/sh\n"), ""));
  std::vector<std::string> damaged{"", std::string(512, '\0'), good.substr(0, 4096), std::string(good.size(), '\xff')};
  std::string gone = good;
  for (std::size_t at = gone.find("--visor-user-data"); at != std::string::npos; at = gone.find("--visor-user-data", at))
    gone[at] = 'x';
  damaged.push_back(gone);
  for (const std::string& volume : damaged) {
    try {
      read_seed(volume);
      FAIL() << "it was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "seed.unreadable");
    }
  }
}

TEST(FatReader, files_of_any_size_and_name_come_back) {
  FatVolume volume{.label = "X", .files = {}};
  volume.files = {{"A.TXT", "short"}, {"EMPTY", ""}, {"a-long-name-of-a-file.config", std::string(100'000, 'q')}};
  std::string bytes(volume.size.count, '\0');
  for (const FatPiece& piece : make_fat_volume(volume)) bytes.replace(piece.offset, piece.bytes.size(), piece.bytes);
  const std::vector<FatFile> found = read_fat_volume(bytes);
  ASSERT_EQ(found.size(), 3U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].path, volume.files[i].path);
    EXPECT_EQ(found[i].content, volume.files[i].content);
  }
}

}  // namespace
}  // namespace visor::deploy
