// Tickets and the WebSockets of screen and serial console.
#include <boost/asio/awaitable.hpp>

#include <string>

#include "api/consoles.h"
#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kConsolesTag = "consoles";
constexpr std::int64_t kLastSerialPort = 3;

QueryParameter ticket_parameter() {
  return {.name = "ticket", .description = "A one-time ticket for this machine and kind; not needed on the unix socket."};
}

/// Checked by the router against the declaration below.
std::uint32_t serial_port(const Request& request) {
  return static_cast<std::uint32_t>(std::stoul(request.query_value("port").value_or("0")));
}

void add_socket_route(Router& router, const std::string& kind, const std::string& id, const std::string& summary,
                      const std::vector<QueryParameter>& more, WebSocketHandler handler) {
  std::vector<QueryParameter> query{ticket_parameter()};
  query.insert(query.end(), more.begin(), more.end());
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/" + kind,
              .id = id,
              .tag = kConsolesTag,
              .summary = summary,
              .query = std::move(query),
              .answers = {{101, "The WebSocket is open.", {}, ""}},
              .ticket_kind = kind,
              .websocket = std::move(handler)});
}

}  // namespace

void add_console_routes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kBase + "/machines/{name}/tickets",
              .id = "createTicket",
              .tag = kConsolesTag,
              .summary = "A ticket that opens one WebSocket within 10 seconds",
              .body = RequestBody{router.schemas().request<TicketRequest>({"kind"})},
              .answers = {ok<Ticket>(router, "The ticket.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const std::string kind = json::enum_name(read_body<TicketRequest>(request).kind);
                const model::Machine machine = context.service.machine(request.parameter("name"));
                const std::string& name = machine.name;
                // Said here, where there is an answer that can say it: a WebSocket could only be closed.
                if (!machine.state.process_id) {
                  throw Error(ErrorKind::conflict, "machine.not_running", "The machine '" + name + "' is not running.",
                              "Start it with `visor start " + name + "`.");
                }
                const auto issued = context.authenticator.make_ticket(name, kind, request.principal);
                const std::string path = kBase + "/machines/" + name + "/" + kind + "?ticket=" + issued.secret;
                co_return json_response(Ticket{issued.secret, path, issued.expires});
              }});
  add_socket_route(router, "screen", "openScreen", "The screen: RFB in binary messages", {},
                   [&context](const Request& request) -> Awaitable<WebSocketRun> {
                     co_return screen_run(co_await context.service.connect_screen(request.parameter("name")));
                   });
  add_socket_route(
      router, "serial", "openSerial", "A serial port: what was printed before, then live, binary both ways",
      {{.name = "port",
        .type = QueryParameter::Type::number,
        .description = "Which serial port; 0, the console, when it is left out.",
        .maximum = kLastSerialPort}},
      [&context](const Request& request) -> Awaitable<WebSocketRun> {
        co_return serial_run(co_await context.service.connect_serial(request.parameter("name"), serial_port(request)));
      });
}

}  // namespace visor::api
