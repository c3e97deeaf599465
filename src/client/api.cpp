#include "client/api.h"

#include <boost/asio/awaitable.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "client/answers.h"
#include "client/event_stream.h"
#include "client/websocket.h"

namespace visor::client {
namespace {

constexpr std::string_view kRoot = "/api/v1";

std::string path_of(std::string_view collection, std::string_view name) {
  return fmt::format("{}/{}/{}", kRoot, collection, percent_encode(name));
}

}  // namespace

Request make_request(std::string method, std::string path, const boost::json::value& body, loop::Duration timeout) {
  Request request;
  request.method = std::move(method);
  request.target = std::move(path);
  if (!body.is_null()) request.body = boost::json::serialize(body);
  request.timeout = timeout;
  return request;
}

std::string machine_path(std::string_view name) { return path_of("machines", name); }

Api::Api(Endpoint endpoint) : connection_(std::move(endpoint)) {}

Awaitable<boost::json::value> Api::get(std::string path, loop::Duration timeout) {
  co_return co_await connection_.call(make_request("GET", std::move(path), nullptr, timeout));
}

Awaitable<boost::json::value> Api::post(std::string path, boost::json::value body, loop::Duration timeout) {
  co_return co_await connection_.call(make_request("POST", std::move(path), body, timeout));
}

Awaitable<boost::json::value> Api::remove_at(std::string path) {
  co_return co_await connection_.call(make_request("DELETE", std::move(path), nullptr, std::chrono::seconds(30)));
}

Awaitable<std::vector<model::Machine>> Api::machines() {
  const boost::json::value answer = co_await get(fmt::format("{}/machines", kRoot));
  co_return decode_member<std::vector<model::Machine>>(answer, "machines");
}

Awaitable<model::Machine> Api::machine(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name));
  co_return decode<model::Machine>(answer);
}

Awaitable<model::MachinePreview> Api::preview_create(model::CreateRequest request) {
  const boost::json::value answer = co_await post(fmt::format("{}/machines?dryRun=true", kRoot), json::to_json(request));
  co_return decode<model::MachinePreview>(answer);
}

Awaitable<model::Task> Api::create(model::CreateRequest request) {
  const boost::json::value answer = co_await post(fmt::format("{}/machines", kRoot), json::to_json(request));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::ChangeResult> Api::change(std::string name, boost::json::object patch, ChangeOptions options) {
  Request request =
      make_request("PATCH", machine_path(name) + (options.dry_run ? "?dryRun=true" : ""), patch, std::chrono::seconds(60));
  request.content_type = "application/merge-patch+json";
  request.if_match = options.if_revision;
  const boost::json::value answer = co_await connection_.call(std::move(request));
  co_return decode<model::ChangeResult>(answer);
}

Awaitable<model::RemovalPreview> Api::preview_remove(std::string name) {
  const boost::json::value answer = co_await remove_at(machine_path(name) + "?dryRun=true");
  co_return decode<model::RemovalPreview>(answer);
}

Awaitable<model::Task> Api::remove(std::string name, bool force) {
  const boost::json::value answer = co_await remove_at(machine_path(name) + (force ? "?force=true" : ""));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Task> Api::act(std::string name, std::string action, boost::json::value body) {
  const boost::json::value answer = co_await post(fmt::format("{}/actions/{}", machine_path(name), action), std::move(body));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Task> Api::add_disk(std::string name, boost::json::object disk) {
  const boost::json::value answer = co_await post(machine_path(name) + "/disks", std::move(disk));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Task> Api::remove_disk(std::string name, std::string disk) {
  const boost::json::value answer = co_await remove_at(fmt::format("{}/disks/{}", machine_path(name), percent_encode(disk)));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Task> Api::act_on_disk(std::string name, std::string disk, std::string action, boost::json::object body) {
  const std::string path = fmt::format("{}/disks/{}/actions/{}", machine_path(name), percent_encode(disk), action);
  const boost::json::value answer = co_await post(path, std::move(body));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<std::vector<std::string>> Api::log(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name) + "/log");
  co_return decode_member<std::vector<std::string>>(answer, "lines");
}

Awaitable<model::CommandLine> Api::command_line(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name) + "/command");
  co_return decode<model::CommandLine>(answer);
}

Awaitable<model::ProcessorReport> Api::processor(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name) + "/processor");
  co_return decode<model::ProcessorReport>(answer);
}

Awaitable<model::MemoryReport> Api::memory(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name) + "/memory");
  co_return decode<model::MemoryReport>(answer);
}

Awaitable<model::MetricsWindow> Api::metrics(std::string name, std::string range) {
  const boost::json::value answer = co_await get(with_query(machine_path(name) + "/metrics", {{"range", std::move(range)}}));
  co_return decode<model::MetricsWindow>(answer);
}

Awaitable<model::PinningProposal> Api::propose_pinning(std::string name, std::string goal) {
  const boost::json::value answer = co_await get(with_query(machine_path(name) + "/pinning", {{"goal", std::move(goal)}}));
  co_return decode<model::PinningProposal>(answer);
}

Awaitable<std::vector<model::MachineSetting>> Api::machine_settings(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name) + "/settings");
  co_return decode_member<std::vector<model::MachineSetting>>(answer, "settings");
}

Awaitable<std::string> Api::screenshot(std::string name, unsigned width) {
  Request request;
  request.target = with_query(machine_path(name) + "/screenshot", {{"width", width > 0 ? std::to_string(width) : ""}});
  Response response = co_await connection_.send(std::move(request));
  co_return std::move(response.body);
}

Awaitable<model::ExecResult> Api::exec(std::string name, model::ExecRequest request) {
  // The daemon ends the command in time; the rest is for the way there and back.
  const auto timeout = std::chrono::seconds(request.timeout_seconds) + std::chrono::seconds(30);
  const boost::json::value answer = co_await post(machine_path(name) + "/exec", json::to_json(request), timeout);
  co_return decode<model::ExecResult>(answer);
}

Awaitable<> Api::push(std::string name, GuestFile file, Bytes size, Source source, TransferProgress progress) {
  Request request;
  request.method = "PUT";
  request.target = with_query(machine_path(name) + "/files", {{"path", file.path}, {"mode", file.mode}});
  // After the last byte the daemon may still be writing them into the guest through a slow agent.
  request.timeout = std::chrono::minutes(10);
  co_await connection_.upload(std::move(request), size, std::move(source), std::move(progress));
}

Awaitable<Bytes> Api::pull(std::string name, std::string guest_path, Sink sink, TransferProgress progress) {
  Request request;
  request.target = with_query(machine_path(name) + "/files", {{"path", guest_path}});
  request.timeout = std::chrono::minutes(10);
  co_return co_await connection_.download(std::move(request), std::move(sink), std::move(progress));
}

Awaitable<model::SshAccess> Api::ssh(std::string name) {
  const boost::json::value answer = co_await get(machine_path(name) + "/ssh");
  co_return decode<model::SshAccess>(answer);
}

Awaitable<std::unique_ptr<WebSocket>> Api::serial(std::string name, unsigned port) {
  const boost::json::value body = {{"kind", "serial"}};
  const boost::json::value answer = co_await post(machine_path(name) + "/tickets", body);
  const Ticket ticket = decode<Ticket>(answer);
  co_return co_await connection_.open_websocket(fmt::format("{}&port={}", ticket.path, port));
}

Awaitable<Images> Api::images() {
  const boost::json::value answer = co_await get(fmt::format("{}/images", kRoot));
  co_return decode<Images>(answer);
}

Awaitable<model::Image> Api::image(std::string name) {
  const boost::json::value answer = co_await get(path_of("images", name));
  co_return decode<model::Image>(answer);
}

Awaitable<model::Task> Api::build_image(model::BuildRequest request) {
  const boost::json::value answer = co_await post(fmt::format("{}/images/actions/build", kRoot), json::to_json(request));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Task> Api::import_image(model::ImportRequest request) {
  const boost::json::value answer = co_await post(fmt::format("{}/images/actions/import", kRoot), json::to_json(request));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Task> Api::remove_image(std::string name) {
  const boost::json::value answer = co_await remove_at(path_of("images", name));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<std::vector<model::Task>> Api::tasks(std::string state) {
  const boost::json::value answer = co_await get(with_query(fmt::format("{}/tasks", kRoot), {{"state", state}}));
  co_return decode_member<std::vector<model::Task>>(answer, "tasks");
}

Awaitable<model::Task> Api::task(std::string id) {
  const boost::json::value answer = co_await get(path_of("tasks", id));
  co_return decode<model::Task>(answer);
}

Awaitable<model::Task> Api::wait_task(std::string id, std::chrono::seconds timeout) {
  const std::string path = fmt::format("{}/wait?timeout={}", path_of("tasks", id), timeout.count());
  const boost::json::value answer = co_await get(path, timeout + std::chrono::seconds(30));
  co_return decode<model::Task>(answer);
}

Awaitable<model::Task> Api::cancel_task(std::string id) {
  const boost::json::value answer = co_await remove_at(path_of("tasks", id));
  co_return decode<model::Task>(answer);
}

Awaitable<std::unique_ptr<EventStream>> Api::events(std::optional<std::uint64_t> since) {
  co_return co_await connection_.events(since);
}

Awaitable<model::Host> Api::host() {
  const boost::json::value answer = co_await get(fmt::format("{}/host", kRoot));
  co_return decode<model::Host>(answer);
}

Awaitable<model::HostTopology> Api::host_topology() {
  const boost::json::value answer = co_await get(fmt::format("{}/host/topology", kRoot));
  co_return decode<model::HostTopology>(answer);
}

Awaitable<std::vector<model::HostCheck>> Api::host_checks() {
  const boost::json::value answer = co_await get(fmt::format("{}/host/checks", kRoot));
  co_return decode_member<std::vector<model::HostCheck>>(answer, "checks");
}

Awaitable<std::vector<model::HostStopEntry>> Api::preview_stop_for_host() {
  const boost::json::value answer = co_await post(fmt::format("{}/host/actions/stop-machines?dryRun=true", kRoot), {});
  co_return decode_member<std::vector<model::HostStopEntry>>(answer, "machines");
}

Awaitable<model::Task> Api::stop_for_host() {
  const boost::json::value answer = co_await post(fmt::format("{}/host/actions/stop-machines", kRoot), {});
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<std::vector<model::OperatingSystem>> Api::operating_systems() {
  const boost::json::value answer = co_await get(fmt::format("{}/os", kRoot));
  co_return decode_member<std::vector<model::OperatingSystem>>(answer, "systems");
}

Awaitable<model::SystemPreset> Api::operating_system(std::string id) {
  const boost::json::value answer = co_await get(path_of("os", id));
  co_return decode<model::SystemPreset>(answer);
}

Awaitable<std::vector<model::Profile>> Api::profiles() {
  const boost::json::value answer = co_await get(fmt::format("{}/profiles", kRoot));
  co_return decode_member<std::vector<model::Profile>>(answer, "profiles");
}

Awaitable<model::Profile> Api::profile(std::string name) {
  const boost::json::value answer = co_await get(path_of("profiles", name));
  co_return decode<model::Profile>(answer);
}

Awaitable<model::Profile> Api::create_profile(model::ProfileRequest request) {
  const boost::json::value answer = co_await post(fmt::format("{}/profiles", kRoot), json::to_json(request));
  co_return decode<model::Profile>(answer);
}

Awaitable<std::vector<model::Volume>> Api::volumes() {
  const boost::json::value answer = co_await get(fmt::format("{}/volumes", kRoot));
  co_return decode_member<std::vector<model::Volume>>(answer, "volumes");
}

Awaitable<> Api::remove_volume(std::string name) { co_await remove_at(path_of("volumes", name)); }

Awaitable<std::vector<model::Iso>> Api::isos() {
  const boost::json::value answer = co_await get(fmt::format("{}/isos", kRoot));
  co_return decode_member<std::vector<model::Iso>>(answer, "isos");
}

Awaitable<model::Task> Api::build_iso(model::IsoRequest request) {
  const boost::json::value answer = co_await post(fmt::format("{}/isos", kRoot), json::to_json(request));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<> Api::remove_iso(std::string name) { co_await remove_at(path_of("isos", name)); }

Awaitable<> Api::remove_profile(std::string name) { co_await remove_at(path_of("profiles", name)); }

Awaitable<model::ChangeResult> Api::apply_profile(std::string profile, std::string machine, bool dry_run) {
  const boost::json::value body = json::to_json(model::ProfileTarget{std::move(machine)});
  const boost::json::value answer =
      co_await post(fmt::format("{}/actions/apply{}", path_of("profiles", profile), dry_run ? "?dryRun=true" : ""), body);
  co_return decode<model::ChangeResult>(answer);
}

Awaitable<std::vector<model::Setting>> Api::settings() {
  const boost::json::value answer = co_await get(fmt::format("{}/settings", kRoot));
  co_return decode_member<std::vector<model::Setting>>(answer, "settings");
}

Awaitable<LoginLink> Api::login_link() {
  const boost::json::value answer = co_await post(fmt::format("{}/auth/login-links", kRoot), boost::json::object());
  co_return decode<LoginLink>(answer);
}

Awaitable<std::vector<Token>> Api::tokens() {
  const boost::json::value answer = co_await get(fmt::format("{}/tokens", kRoot));
  co_return decode_member<std::vector<Token>>(answer, "tokens");
}

Awaitable<Token> Api::create_token(std::string name) {
  const boost::json::value body = {{"name", name}};
  const boost::json::value answer = co_await post(fmt::format("{}/tokens", kRoot), body);
  co_return decode<Token>(answer);
}

Awaitable<> Api::remove_token(std::string id) { co_await remove_at(path_of("tokens", id)); }

}  // namespace visor::client
