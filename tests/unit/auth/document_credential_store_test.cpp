#include "auth/document_credential_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "auth/authenticator.h"
#include "base/id.h"
#include "os/file.h"

namespace visor::auth {
namespace {

class DocumentCredentialStoreTest : public testing::Test {
 protected:
  ~DocumentCredentialStoreTest() override { os::remove_tree(directory); }

  std::filesystem::path directory = [] {
    auto path = std::filesystem::temp_directory_path() / ("visor-auth-" + make_secret(8));
    os::make_directories(path);
    return path;
  }();
};

TEST_F(DocumentCredentialStoreTest, LoginAndTokenSurviveARestartOfTheDaemon) {
  std::string token;
  std::string cookie;
  {
    const auto database = store::open_sqlite_store(directory / "visor.db");
    DocumentCredentialStore store(*database);
    Authenticator authenticator(store);
    token = authenticator.create_token("ci").token;
    cookie = authenticator.log_in(authenticator.make_login_code().secret, "x").cookie;
  }
  const auto database = store::open_sqlite_store(directory / "visor.db");
  DocumentCredentialStore store(*database);
  Authenticator authenticator(store);
  EXPECT_TRUE(authenticator.by_token(token, "x"));
  EXPECT_TRUE(authenticator.by_session(cookie));
  authenticator.delete_token(authenticator.tokens().at(0).id);
  authenticator.log_out(cookie);
  EXPECT_TRUE(store.load_tokens().empty());
  EXPECT_TRUE(store.load_sessions().empty());
}

TEST_F(DocumentCredentialStoreTest, DamagedDocumentDoesNotLockEverybodyOut) {
  const auto database = store::open_sqlite_store(directory / "visor.db");
  DocumentCredentialStore store(*database);
  const std::string token = Authenticator(store).create_token("good").token;
  database->put("token", "bad", "{\"id\":7");
  EXPECT_TRUE(Authenticator(store).by_token(token, "x"));
}

}  // namespace
}  // namespace visor::auth
