#include "api/schema_check.h"
#include "api/server_fixture.h"

namespace visor::api {
namespace {

class OpenApiTest : public ServerFixture {
 protected:
  boost::json::value document = local().request("GET", "/api/v1/openapi.json").json();
  SchemaCheck check{document};

  void collect_references(const boost::json::value& value, std::vector<std::string>& into) const {
    if (value.is_array()) {
      for (const auto& element : value.as_array()) collect_references(element, into);
    } else if (value.is_object()) {
      for (const auto& [key, member] : value.as_object()) {
        if (key == "$ref") into.emplace_back(member.as_string());
        collect_references(member, into);
      }
    }
  }

  /// Compares a real answer with what the document says of it.
  void expect_documented(const std::string& method, const std::string& pattern, const std::string& target,
                         const std::string& body = "") {
    const Reply reply = local().request(method, target, body);
    std::string key = method;
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto& responses = document.at("paths").at(pattern).at(key).at("responses").as_object();
    const boost::json::value* response = responses.if_contains(std::to_string(reply.status));
    std::string type = "application/json";
    if (reply.status >= 400) {
      response = &document.at("components").at("responses").at("Problem");
      type = "application/problem+json";
    }
    ASSERT_NE(response, nullptr) << method << " " << target << " answers " << reply.status << ", which is not documented";
    const auto problems = check.check(response->at("content").at(type).at("schema"), reply.json());
    EXPECT_TRUE(problems.empty()) << method << " " << target << "\n" << testing::PrintToString(problems) << "\n" << reply.body;
  }
};

TEST_F(OpenApiTest, DocumentHoldsEveryRouteWithAllItsParameters) {
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  for (const Route& route : server.router().routes()) {
    std::string key(to_string(route.method));
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto& operation = document.at("paths").at(route.pattern).at(key);
    EXPECT_EQ(operation.at("operationId").as_string(), route.id);
    EXPECT_FALSE(operation.at("summary").as_string().empty());
    EXPECT_GE(operation.at("responses").as_object().size(), 2U) << route.pattern;
    const auto inside = static_cast<std::size_t>(std::count(route.pattern.begin(), route.pattern.end(), '{'));
    EXPECT_GE(operation.at("parameters").as_array().size(), inside + route.query.size()) << route.pattern;
  }
}

TEST_F(OpenApiTest, EveryReferenceResolves) {
  std::vector<std::string> references;
  collect_references(document, references);
  EXPECT_GT(references.size(), 50U);
  for (const std::string& reference : references) EXPECT_NE(check.resolve(reference), nullptr) << reference;
}

TEST_F(OpenApiTest, DocumentIsAlsoAtTheRoot) { EXPECT_EQ(local().request("GET", "/openapi.json").json(), document); }

TEST_F(OpenApiTest, SettingsTellRangesAndTexts) {
  const auto& cpu = document.at("components").at("schemas").at("CpuPatch").at("properties").at("count");
  EXPECT_FALSE(cpu.at("title").as_string().empty());
  EXPECT_TRUE(cpu.as_object().contains("maximum"));
  const auto& create = document.at("components").at("schemas").at("CreateRequest");
  EXPECT_EQ(create.at("required"), boost::json::array{"name"});
  EXPECT_EQ(create.at("properties").at("spec").at("$ref"), "#/components/schemas/MachineSpecPatch");
  EXPECT_TRUE(create.at("properties").at("password").as_object().contains("writeOnly"));
}

TEST_F(OpenApiTest, SecretsOfRequestsAreInNoAnswer) {
  for (const auto& [name, schema] : document.at("components").at("schemas").as_object()) {
    if (std::string_view(name).ends_with("Request") || !schema.as_object().contains("properties")) continue;
    EXPECT_FALSE(schema.at("properties").as_object().contains("password")) << name;
  }
}

TEST_F(OpenApiTest, RealAnswersAreWhatTheDocumentSays) {
  const std::string base = "/api/v1";
  const std::string machine = base + "/machines/{name}";
  local().request("POST", base + "/machines/hello/actions/start");
  for (const char* path : {"", "/inventory", "/machines", "/images", "/tasks", "/host", "/host/topology", "/host/checks", "/os",
                           "/profiles", "/settings", "/volumes", "/isos", "/auth/session", "/tokens"}) {
    expect_documented("GET", base + path, base + path);
  }
  for (const char* part :
       {"", "/metrics", "/log", "/command", "/settings", "/pinning", "/memory", "/processor", "/ssh", "/disks"})
    expect_documented("GET", machine + part, base + "/machines/hello" + part);
  const std::string snapshots = base + "/machines/hello/snapshots";
  expect_documented("GET", machine + "/snapshots", snapshots);
  expect_documented("GET", machine + "/snapshots/{snapshot}", snapshots + "/clean");
  expect_documented("GET", machine + "/snapshots/{snapshot}", snapshots + "/none");
  expect_documented("POST", machine + "/snapshots", snapshots, R"({"name":"a b","memory":true})");
  expect_documented("POST", machine + "/snapshots", snapshots);
  expect_documented("PATCH", machine + "/snapshots/{snapshot}", snapshots + "/clean", R"({"note":"x"})");
  expect_documented("POST", machine + "/snapshots/{snapshot}/actions/restore", snapshots + "/clean/actions/restore");
  expect_documented("POST", machine + "/snapshots/{snapshot}/actions/restore", snapshots + "/clean/actions/restore",
                    R"({"discard":true})");
  expect_documented("DELETE", machine + "/snapshots/{snapshot}", snapshots + "/clean?dryRun=true&branch=true");
  expect_documented("DELETE", machine + "/snapshots/{snapshot}", snapshots + "/clean");
  expect_documented("GET", machine, base + "/machines/nobody");
  expect_documented("GET", base + "/images/{name}", base + "/images/debian%2F12");
  expect_documented("GET", base + "/os/{id}", base + "/os/win11");
  expect_documented("GET", base + "/profiles/{name}", base + "/profiles/gaming");
  expect_documented("POST", base + "/profiles", base + "/profiles", R"({"name":"mine","spec":{"rng":false}})");
  expect_documented("POST", base + "/profiles/{name}/actions/apply", base + "/profiles/gaming/actions/apply",
                    R"({"machine":"hello"})");
  expect_documented("POST", machine + "/disks", base + "/machines/hello/disks", R"({"size":1073741824})");
  expect_documented("DELETE", machine + "/disks/{disk}", base + "/machines/hello/disks/disk1");
  expect_documented("POST", machine + "/disks/{disk}/actions/resize", base + "/machines/hello/disks/disk0/actions/resize",
                    R"({"size":1073741824})");
  expect_documented("POST", machine + "/disks/{disk}/actions/check", base + "/machines/hello/disks/disk0/actions/check",
                    R"({"repair":true})");
  expect_documented("POST", machine + "/disks/{disk}/actions/compact", base + "/machines/hello/disks/disk0/actions/compact");
  expect_documented("POST", machine + "/disks/{disk}/actions/convert", base + "/machines/hello/disks/disk0/actions/convert",
                    R"({"format":"raw"})");
  expect_documented("POST", machine + "/disks/{disk}/actions/insert", base + "/machines/hello/disks/cd/actions/insert",
                    R"({"file":"/tmp/a.iso"})");
  expect_documented("POST", base + "/machines", base + "/machines", R"({"name":"a"})");
  expect_documented("POST", base + "/machines", base + "/machines?dryRun=true", R"({"name":"b"})");
  expect_documented("POST", base + "/machines", base + "/machines", R"({"nam":"b"})");
  expect_documented("PATCH", machine, base + "/machines/hello", R"({"description":"x"})");
  expect_documented("DELETE", machine, base + "/machines/hello?dryRun=true");
  expect_documented("DELETE", machine, base + "/machines/a?force=true");
  expect_documented("POST", machine + "/tickets", base + "/machines/hello/tickets", R"({"kind":"screen"})");
  expect_documented("POST", machine + "/exec", base + "/machines/hello/exec", R"({"command":["x"]})");
  expect_documented("PUT", machine + "/files", base + "/machines/hello/files?path=/x", "data");
  expect_documented("POST", machine + "/actions/clone", base + "/machines/hello/actions/clone", R"({"name":"copy","count":1})");
  expect_documented("POST", machine + "/actions/publish", base + "/machines/hello/actions/publish", R"({"name":"web/1"})");
  expect_documented("DELETE", base + "/volumes/{name}", base + "/volumes/a-disk0.qcow2");
  expect_documented("POST", base + "/isos", base + "/isos", R"({"folder":"/srv/tools"})");
  expect_documented("DELETE", base + "/isos/{name}", base + "/isos/tools");
  expect_documented("POST", base + "/images/actions/build", base + "/images/actions/build", R"({"name":"debian/12"})");
  expect_documented("POST", base + "/auth/login-links", base + "/auth/login-links");
  expect_documented("POST", base + "/auth/login", base + "/auth/login", R"({"code":"wrong"})");
  expect_documented("POST", base + "/tokens", base + "/tokens", R"({"name":"ci"})");
}

}  // namespace
}  // namespace visor::api
