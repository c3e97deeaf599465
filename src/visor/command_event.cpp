#include <boost/asio/awaitable.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/json.h"
#include "base/text.h"
#include "client/event_stream.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/event_text.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

constexpr auto kPause = std::chrono::milliseconds(500);

struct Follow {
  std::vector<std::string> types;
  std::optional<std::uint64_t> since;
};

void print_event(const Context& context, const client::Event& event) {
  const boost::json::value data = json::parse(event.data);
  if (context.out.format() == Format::json) {
    const boost::json::value line = {{"sequence", event.sequence}, {"type", event.type}, {"data", data}};
    return context.out.print(boost::json::serialize(line) + "\n");
  }
  if (!context.out.is_table()) return context.out.show(data);
  const std::string time = format_time(std::chrono::system_clock::now());
  context.out.print(fmt::format("{}  {:<8} {}\n", time.substr(11, 8), event.type, text::printable(event_text(event.type, data))));
}

/// Prints events until the stream ends or breaks.
Awaitable<> follow(Context& context, Follow& what) {
  const auto stream = co_await context.api().events(what.since);
  for (;;) {
    const std::optional<client::Event> event = co_await stream->next();
    if (!event) co_return;
    what.since = event->sequence;
    const bool listed = std::find(what.types.begin(), what.types.end(), event->type) != what.types.end();
    // Readings come every other second; people ask for them by name.
    const bool wanted = what.types.empty() ? !(context.out.is_table() && event->type == "metrics") : listed;
    if (wanted) print_event(context, *event);
  }
}

Awaitable<int> event(Context& context, const Arguments& arguments) {
  Follow what;
  what.types = arguments.all("type");
  if (arguments.has("since")) {
    const std::string text = arguments.get("since");
    std::uint64_t since = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), since);
    if (error != std::errc() || end != text.data() + text.size())
      throw usage_error("--since must be a sequence number.", "event");
    what.since = since;
  }
  bool connected = false;
  for (;;) {
    std::optional<Error> failure;
    try {
      co_await follow(context, what);
      connected = true;
    } catch (const Error& error) {
      failure = error;
    }
    connected = connected || what.since.has_value();
    const bool may_return = !failure || failure->code() == "client.no_daemon" || failure->code() == "client.disconnected";
    if (!connected || !may_return) throw Error(std::move(*failure));
    context.out.note("visord is away; waiting for it to come back.");
    co_await loop::sleep_for(kPause);
  }
}

std::string name_of(const boost::json::object& object) {
  const boost::json::value* name = object.if_contains("name");
  return name != nullptr && name->is_string() ? std::string(name->get_string()) : std::string();
}

/// "hello: CPU 12 %, memory 300 MiB".
std::string metrics_text(const boost::json::object& object) {
  const boost::json::value* machine = object.if_contains("machine");
  const boost::json::value* sample = object.if_contains("sample");
  if (machine == nullptr || !machine->is_string() || sample == nullptr || !sample->is_object())
    return boost::json::serialize(object);
  const auto number = [&](const char* key) -> std::optional<double> {
    const boost::json::value* value = sample->get_object().if_contains(key);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    return value->to_number<double>();
  };
  std::string text = std::string(machine->get_string()) + ":";
  if (const auto load = number("cpuPercent")) text += fmt::format(" CPU {:.0f} %", *load);
  if (const auto used = number("memoryUsed")) text += ", memory " + format_size(static_cast<std::uint64_t>(*used));
  return text;
}

}  // namespace

std::string event_text(const std::string& type, const boost::json::value& data) {
  const boost::json::object* object = data.if_object();
  if (object == nullptr) return boost::json::serialize(data);
  const auto text_at = [&](const boost::json::object& from, const char* key) {
    const boost::json::value* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  if (type == "machine") {
    const boost::json::value* state = object->if_contains("state");
    if (state == nullptr || !state->is_object()) return name_of(*object) + " changed";
    const std::string reason = text_at(state->get_object(), "reason");
    const boost::json::value* ready = state->get_object().if_contains("ready");
    const bool is_ready = ready != nullptr && ready->is_bool() && ready->get_bool();
    return name_of(*object) + ": " + text_at(state->get_object(), "status") + (is_ready ? ", ready" : "") +
           (reason.empty() ? "" : ", " + reason);
  }
  if (type == "task") {
    const boost::json::value* progress = object->if_contains("progress");
    const double fraction = progress != nullptr && progress->is_number() ? progress->to_number<double>() : 0;
    return fmt::format("{}: {} {:.0f} %", text_at(*object, "title"), text_at(*object, "state"), fraction * 100);
  }
  if (type == "metrics") return metrics_text(*object);
  if (type == "image") return name_of(*object);
  return boost::json::serialize(data);
}

std::vector<Command> event_commands() {
  return {{.name = "event",
           .group = "Tasks and events",
           .summary = "Follow what happens: machines, images, tasks, metrics.",
           .description =
               "Ends with Ctrl-C. After a restart of the daemon it goes on where it was. The table leaves readings (metrics) out "
               "unless --type asks for them.",
           .options = {{.names = "--type",
                        .value = "TYPE",
                        .help = "Only events of this type.",
                        .choices = {"machine", "image", "task", "metrics", "host", "resync"},
                        .repeats = true},
                       {.names = "--since", .value = "SEQUENCE", .help = "First what happened after this sequence number."}},
           .examples = {{"visor event --type machine --type task", "what people want to know"},
                        {"visor event -f json | jq .data.name", "one JSON object per line"}},
           .run = event}};
}

}  // namespace visor::cli
