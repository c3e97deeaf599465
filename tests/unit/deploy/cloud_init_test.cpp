#include "deploy/cloud_init.h"

#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "deploy/password.h"

namespace visor::deploy {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

CloudInit guest() {
  CloudInit guest;
  guest.instance_id = "0f7c";
  guest.hostname = "web-1";
  guest.user = "ann";
  guest.ssh_keys = {"ssh-ed25519 AAAAC3Nza ann@home", "ssh-rsa AAAAB3Nza"};
  return guest;
}

boost::json::value config_of(const std::string& user_data) {
  EXPECT_THAT(user_data, StartsWith("#cloud-config\n"));
  return json::parse(user_data.substr(user_data.find('\n') + 1));
}

/// The decoded content of the part with this number in a MIME message as cloud-init splits it.
std::string mime_part(const std::string& message, std::size_t number) {
  const std::size_t quote = message.find("boundary=\"") + 10;
  const std::string border = "--" + message.substr(quote, message.find('"', quote) - quote) + "\n";
  std::size_t at = 0;
  for (std::size_t i = 0; i <= number; ++i) at = message.find(border, at) + border.size();
  const std::size_t body = message.find("\n\n", at) + 2;
  std::string encoded = message.substr(body, message.find("\n--", body) - body);
  encoded.erase(std::remove(encoded.begin(), encoded.end(), '\n'), encoded.end());
  return text::base64_decode(encoded);
}

std::vector<std::string> refused_fields(const CloudInit& guest) {
  std::vector<std::string> fields;
  try {
    validate(guest);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "cloud_init.invalid");
    for (const FieldError& field : error.fields()) fields.push_back(field.field);
  }
  return fields;
}

TEST(CloudInit, the_user_can_log_in_with_every_key_and_become_root) {
  const SeedDocuments documents = make_seed_documents(guest(), "");
  const boost::json::value config = config_of(documents.user_data);
  const boost::json::value& user = config.at("users").at(0);
  EXPECT_EQ(user.at("name"), "ann");
  EXPECT_EQ(user.at("ssh_authorized_keys").as_array().size(), 2U);
  EXPECT_EQ(user.at("sudo"), "ALL=(ALL) NOPASSWD:ALL");
  EXPECT_EQ(config.at("hostname"), "web-1");
  EXPECT_EQ(json::parse(documents.meta_data).at("instance-id"), "0f7c");
}

TEST(CloudInit, without_a_password_the_account_is_locked) {
  const boost::json::value config = config_of(make_seed_documents(guest(), "").user_data);
  EXPECT_EQ(config.at("users").at(0).at("lock_passwd"), true);
  EXPECT_FALSE(config.at("users").at(0).as_object().contains("hashed_passwd"));
}

TEST(CloudInit, a_password_reaches_the_guest_as_a_hash_only) {
  CloudInit with_password = guest();
  with_password.password = "correct horse";
  const std::string hash = hash_password(with_password.password);
  const SeedDocuments documents = make_seed_documents(with_password, hash);
  EXPECT_THAT(documents.user_data, Not(HasSubstr("correct horse")));
  const boost::json::value config = config_of(documents.user_data);
  EXPECT_EQ(config.at("users").at(0).at("hashed_passwd").as_string(), hash);
  EXPECT_EQ(config.at("users").at(0).at("lock_passwd"), false);
  crypt_data scratch{};
  EXPECT_STREQ(crypt_r("correct horse", hash.c_str(), &scratch), hash.c_str());
  EXPECT_NE(hash_password("correct horse"), hash) << "two users with the same password have the same salt";
}

TEST(CloudInit, further_users_do_not_lock_the_first_one_out) {
  CloudInit more = guest();
  more.user_data = "#cloud-config\nusers: [{name: bob}]\n";
  const std::string message = make_seed_documents(more, "").user_data;
  EXPECT_THAT(message, StartsWith("Content-Type: multipart/mixed"));
  EXPECT_EQ(mime_part(message, 0), more.user_data);
  EXPECT_THAT(mime_part(message, 1), HasSubstr("\"name\":\"ann\""));
  // dict(replace) would drop the first part's lists; only a later part without it joins them.
  EXPECT_GT(message.find("Merge-Type: list(prepend)+dict(no_replace,recurse_list"), message.find("text/cloud-config"));
}

TEST(CloudInit, a_script_is_told_from_its_first_line) {
  CloudInit more = guest();
  more.user_data = "#!/bin/sh\necho --visor\n";
  const std::string message = make_seed_documents(more, "").user_data;
  EXPECT_THAT(message, HasSubstr("Content-Type: text/x-shellscript"));
  EXPECT_EQ(mime_part(message, 0), more.user_data);
}

TEST(CloudInit, a_multi_part_message_of_the_user_is_kept_as_it_is) {
  CloudInit more = guest();
  more.user_data = "Content-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--B--\n";
  EXPECT_THAT(make_seed_documents(more, "").user_data, HasSubstr("\n" + more.user_data));
}

TEST(CloudInit, a_fixed_address_is_given_to_the_card_with_that_mac) {
  CloudInit fixed = guest();
  fixed.nics = {{.mac = "52:54:00:12:34:56",
                 .name = "lan0",
                 .dhcp = false,
                 .addresses = {"192.168.1.5/24"},
                 .gateway = "192.168.1.1",
                 .name_servers = {"9.9.9.9"}}};
  const boost::json::value config = json::parse(make_seed_documents(fixed, "").network_config);
  const boost::json::value& nic = config.at("ethernets").at("lan0");
  EXPECT_EQ(config.at("version"), 2);
  EXPECT_EQ(nic.at("match").at("macaddress"), "52:54:00:12:34:56");
  EXPECT_EQ(nic.at("addresses").at(0), "192.168.1.5/24");
  EXPECT_EQ(nic.at("routes").at(0).at("to"), "0.0.0.0/0");
  EXPECT_EQ(make_seed_documents(guest(), "").network_config, "")
      << "without fixed cards the image's own DHCP must stay in charge";
}

TEST(CloudInit, all_that_is_wrong_is_said_at_once) {
  EXPECT_TRUE(refused_fields(guest()).empty());
  CloudInit wrong = guest();
  wrong.hostname = "-web";
  wrong.user = "root";
  wrong.ssh_keys = {"ssh-ed25519 AAAA ok", "ssh-ed25519 AAAA\nroot: evil", "not a key"};
  wrong.user_data = "hello: world";
  EXPECT_EQ(refused_fields(wrong), (std::vector<std::string>{"name", "user", "sshKeys[1]", "sshKeys[2]", "userData"}));
}

TEST(CloudInit, a_name_cannot_smuggle_configuration) {
  for (const std::string name : {"a\"b", "a b", "Ann", "a:b", "", "1a", "a\n"}) {
    CloudInit wrong = guest();
    wrong.user = name;
    EXPECT_EQ(refused_fields(wrong), std::vector<std::string>{"user"}) << name;
  }
}

TEST(CloudInit, the_medium_has_the_label_that_cloud_init_looks_for) {
  const std::string bytes = make_seed_volume(make_seed_documents(guest(), ""));
  EXPECT_EQ(bytes.size(), std::size_t{4} << 20U);
  EXPECT_EQ(bytes.substr(43, 6), "CIDATA");
  EXPECT_THAT(bytes, HasSubstr("\"instance-id\":\"0f7c\""));
}

}  // namespace
}  // namespace visor::deploy
