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
  bool away = false;
  for (;;) {
    std::optional<Error> failure;
    const std::optional<std::uint64_t> before = what.since;
    try {
      co_await follow(context, what);
      connected = true;
    } catch (const Error& error) {
      failure = error;
    }
    connected = connected || what.since.has_value();
    if (what.since != before) away = false;
    const bool may_return = !failure || failure->code() == "client.no_daemon" || failure->code() == "client.disconnected" ||
                            failure->code() == "client.timeout";
    if (!connected || !may_return) throw Error(std::move(*failure));
    if (!away) context.out.note("visord is away; waiting for it to come back.");
    away = true;
    co_await loop::sleep_for(kPause);
  }
}

}  // namespace

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
