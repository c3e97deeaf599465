#include "api/server_fixture.h"
#include "model/settings.h"

namespace visor::api {
namespace {

class RoutesTest : public ServerFixture {};

TEST_F(RoutesTest, InventoryPaintsThePageInOneAnswer) {
  const boost::json::value inventory = local().request("GET", "/api/v1/inventory").json();
  for (const char* part : {"sequence", "host", "machines", "images", "tasks"})
    EXPECT_TRUE(inventory.as_object().contains(part)) << part;
}

TEST_F(RoutesTest, LongWorkAnswersWithATaskAndWhereToAskForIt) {
  Client client = local();
  const Reply reply = client.request("POST", "/api/v1/machines", R"({"name":"new","description":"d"})");
  ASSERT_EQ(reply.status, 202U) << reply.body;
  const std::string location = reply.header("location");
  EXPECT_EQ(location, "/api/v1/tasks/" + std::string(reply.json().at("task").at("id").as_string()));
  EXPECT_EQ(client.request("GET", location).json().at("kind"), "machine.create");
  EXPECT_EQ(client.request("GET", location + "/wait?timeout=5").json().at("state"), "succeeded");
  EXPECT_EQ(client.request("GET", "/api/v1/machines/new").json().at("description"), "d");
}

TEST_F(RoutesTest, DryRunsChangeNothing) {
  Client client = local();
  EXPECT_EQ(client.request("POST", "/api/v1/machines?dryRun=true", R"({"name":"new"})").json().at("machine").at("name"), "new");
  EXPECT_EQ(client.request("GET", "/api/v1/machines/new").status, 404U);
  EXPECT_EQ(client.request("DELETE", "/api/v1/machines/hello?dryRun=true").json().at("removes").as_array().at(0),
            "/volumes/hello");
  EXPECT_EQ(client.request("PATCH", "/api/v1/machines/hello?dryRun=true", R"({"description":"x"})").status, 200U);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello").json().at("description"), "");
  EXPECT_EQ(client.request("DELETE", "/api/v1/machines/hello?dryrun=true").status, 422U);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello").status, 200U);
}

TEST_F(RoutesTest, TwoEditorsDoNotOverwriteEachOther) {
  Client client = local();
  const std::string etag = client.request("GET", "/api/v1/machines/hello").header("etag");
  EXPECT_EQ(etag, "\"1\"");
  const Reply first = client.request("PATCH", "/api/v1/machines/hello", R"({"description":"a"})", {{"If-Match", etag}});
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(first.header("etag"), "\"2\"");
  const Reply second = client.request("PATCH", "/api/v1/machines/hello", R"({"description":"b"})", {{"If-Match", etag}});
  EXPECT_EQ(second.status, 412U);
  EXPECT_EQ(second.code(), "machine.changed");
  EXPECT_EQ(client.request("PATCH", "/api/v1/machines/hello", R"({"description":"b"})", {{"If-Match", "*"}}).status, 200U);
  EXPECT_EQ(client.request("PATCH", "/api/v1/machines/hello", R"({"description":"b"})", {{"If-Match", "soon"}}).status, 400U);
}

TEST_F(RoutesTest, EveryPowerButtonIsConnectedToItsOwnUseCase) {
  Client client = local();
  for (const char* action : {"start", "stop", "restart", "reset", "pause", "resume", "save"}) {
    const Reply reply = client.request("POST", std::string("/api/v1/machines/hello/actions/") + action);
    ASSERT_EQ(reply.status, 202U) << action << reply.body;
    EXPECT_TRUE(reply.json().at("task").at("kind").as_string().starts_with(std::string("machine.") + action));
  }
  const Reply start = client.request("POST", "/api/v1/machines/hello/actions/start", R"({"wait":"ready"})");
  EXPECT_EQ(start.json().at("task").at("kind"), "machine.start.ready");
  EXPECT_EQ(client.request("POST", "/api/v1/machines/hello/actions/stop", R"({"force":true})").json().at("task").at("kind"),
            "machine.kill");
  EXPECT_EQ(client.request("POST", "/api/v1/machines/hello/actions/rename", R"({"name":"other"})").status, 202U);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/other").status, 200U);
  EXPECT_EQ(client.request("POST", "/api/v1/machines/other/actions/explode").status, 404U);
}

TEST_F(RoutesTest, ImageNamesWithSlashesAreReachable) {
  Client client = local();
  EXPECT_EQ(client.request("GET", "/api/v1/images/debian%2F12").json().at("name"), "debian/12");
  EXPECT_EQ(client.request("DELETE", "/api/v1/images/debian%2F12").status, 202U);
  EXPECT_EQ(client.request("GET", "/api/v1/images/debian%2F12").code(), "image.not_found");
}

TEST_F(RoutesTest, GuestFilesTravelByteForByte) {
  std::string content;
  for (int i = 0; i < 300000; ++i) content += static_cast<char>(i * 7);
  Client client = local();
  EXPECT_EQ(client.request("PUT", "/api/v1/machines/hello/files?path=%2Ftmp%2Fa", content).json().at("bytes"), 300000);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/files?path=/tmp/a").body, content);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/files").status, 422U);
}

TEST_F(RoutesTest, ExecAndScreenshotAndLogAnswer) {
  Client client = local();
  const Reply exec = client.request("POST", "/api/v1/machines/hello/exec", R"({"command":["uname"]})");
  EXPECT_EQ(exec.json().at("exitCode"), 3);
  EXPECT_EQ(exec.json().at("stdout"), "dW5hbWU=");
  const Reply picture = client.request("GET", "/api/v1/machines/hello/screenshot?width=320");
  EXPECT_EQ(picture.header("content-type"), "image/png");
  EXPECT_EQ(picture.body, "PNG of hello at 320");
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/log").json().at("lines").as_array().at(0), "log of hello");
}

TEST_F(RoutesTest, SamplesReachAsFarBackAsAskedFor) {
  Client client = local();
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/metrics").json().at("intervalSeconds"), 2);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/metrics?range=day").json().at("intervalSeconds"), 900);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/metrics?range=year").status, 422U);
}

TEST_F(RoutesTest, TasksAreFilteredAndCancelled) {
  on_loop([this] { service.next_task_state = model::TaskState::running; });
  Client client = local();
  const std::string id(client.request("POST", "/api/v1/machines/hello/actions/start").json().at("task").at("id").as_string());
  EXPECT_EQ(client.request("GET", "/api/v1/tasks?state=running").json().at("tasks").as_array().size(), 1U);
  EXPECT_EQ(client.request("GET", "/api/v1/tasks?state=failed").json().at("tasks").as_array().size(), 0U);
  EXPECT_EQ(client.request("GET", "/api/v1/tasks?state=odd").status, 422U);
  EXPECT_EQ(client.request("DELETE", "/api/v1/tasks/" + id).status, 202U);
  EXPECT_EQ(client.request("GET", "/api/v1/tasks/" + id).json().at("state"), "cancelled");
}

TEST_F(RoutesTest, ProblemsNameCodeHintAndEveryRefusedField) {
  Client client = local();
  const Reply missing = client.request("GET", "/api/v1/machines/nobody");
  EXPECT_EQ(missing.status, 404U);
  EXPECT_EQ(missing.code(), "machine.not_found");
  const Reply wrong = client.request("POST", "/api/v1/machines", R"({"name":7,"start":"yes","colour":"red"})");
  EXPECT_EQ(wrong.status, 422U);
  EXPECT_EQ(wrong.header("content-type"), "application/problem+json");
  EXPECT_EQ(wrong.json().at("fields").as_array().size(), 3U);
}

TEST_F(RoutesTest, BrokenJsonIsRefusedAndTheConnectionLivesOn) {
  Client client = local();
  const std::string deep = std::string(10000, '[') + std::string(10000, ']');
  for (const std::string& body :
       {std::string("{"), std::string("{} {}"), std::string("{\"name\":\"\xff\xfe\"}"), deep, std::string("nul")}) {
    const Reply reply = client.request("POST", "/api/v1/machines", body);
    EXPECT_EQ(reply.status, 400U) << body.substr(0, 20);
    EXPECT_EQ(reply.code(), "json.invalid");
  }
  EXPECT_EQ(client.request("POST", "/api/v1/machines", "[]").status, 422U);
  EXPECT_EQ(client.request("PATCH", "/api/v1/machines/hello", "[]").status, 400U);
  EXPECT_EQ(client.request("GET", "/api/v1").status, 200U);
}

TEST_F(RoutesTest, DefectIsAnsweredAndTheDaemonLivesOn) {
  Client client = local();
  const Reply reply = client.request("GET", "/api/v1/machines/boom/command");
  EXPECT_EQ(reply.status, 500U);
  EXPECT_EQ(reply.code(), "internal");
  EXPECT_NE(reply.header("x-request-id"), "");
  EXPECT_EQ(reply.body.find("not an Error"), std::string::npos) << "inner texts are for the log";
  EXPECT_EQ(client.request("GET", "/api/v1").status, 200U);
}

TEST_F(RoutesTest, UnknownPathsAndMethodsSaySo) {
  Client client = local();
  EXPECT_EQ(client.request("GET", "/api/v1/nothing").code(), "api.not_found");
  const Reply reply = client.request("DELETE", "/api/v1/machines");
  EXPECT_EQ(reply.status, 405U);
  EXPECT_EQ(reply.header("allow"), "GET, POST");
  EXPECT_EQ(client.request("OPTIONS", "/api/v1/machines").status, 405U);
  EXPECT_EQ(client.request("GET", "/api/v1/machines/hello/screen").status, 426U);
}

TEST_F(RoutesTest, HeadAnswersWithoutABody) {
  Client client = local();
  const Reply reply = client.request("HEAD", "/api/v1/machines/hello");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_NE(reply.header("content-length"), "0");
  EXPECT_EQ(client.request("GET", "/api/v1").status, 200U);
}

TEST_F(RoutesTest, HeadersCannotBeSplitByNames) {
  EXPECT_EQ(local().request("GET", "/api/v1/machines/a%0d%0aSet-Cookie:x=y").code(), "request.path");
  const Reply reply = local().request("GET", "/api/v1/machines/%E2%80%AE");
  EXPECT_EQ(reply.status, 404U);
}

TEST_F(RoutesTest, PrometheusCanReadTheMetrics) {
  on_loop([this] { service.add_machine("qu\"ote\\"); });
  const Reply reply = local().request("GET", "/metrics");
  EXPECT_TRUE(reply.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
  for (const char* line : {"visor_machines{status=\"running\"} 2\n", "visor_machine_cpu_ratio{machine=\"hello\"} 0.125\n",
                           "visor_machine_vcpu_ratio{machine=\"hello\",vcpu=\"0\"} 0.25\n",
                           "visor_machine_memory_used_bytes{machine=\"hello\"} 1048576\n", "{machine=\"qu\\\"ote\\\\\"}",
                           "visor_tasks{state=\"running\"} 0\n"}) {
    EXPECT_NE(reply.body.find(line), std::string::npos) << line << reply.body;
  }
  EXPECT_TRUE(reply.body.ends_with("# EOF\n"));
}

TEST_F(RoutesTest, SettingsComeFromTheModel) {
  const boost::json::value reply = local().request("GET", "/api/v1/settings").json();
  EXPECT_EQ(reply.at("settings").as_array().size(), model::settings().size());
}

}  // namespace
}  // namespace visor::api
