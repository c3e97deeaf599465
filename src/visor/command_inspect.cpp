#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

Awaitable<int> log(Context& context, const Arguments& arguments) {
  std::vector<std::string> lines = co_await context.api().log(arguments.get("NAME"));
  if (arguments.has("lines")) {
    const std::string text = arguments.get("lines");
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) throw usage_error("--lines must be a whole number.", "log");
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(std::min(count, lines.size())));
  }
  if (!context.out.is_table()) {
    context.out.show(json::to_json(lines));
    co_return kExitOk;
  }
  if (lines.empty()) context.out.note("QEMU has said nothing.");
  std::string all;
  for (const std::string& line : lines) all += text::printable(line) + "\n";
  context.out.print(all);
  co_return kExitOk;
}

}  // namespace

std::vector<Command> inspect_commands() {
  return {
      {.name = "log",
       .group = "Look inside",
       .summary = "Show what QEMU said about a machine.",
       .positionals = {{"NAME", "The machine.", Completes::machines}},
       .options = {{.names = "--lines", .value = "N", .help = "Only the last N lines."}},
       .examples = {{"visor log hello", "the end of the log"}, {"visor log hello --lines 5", "its last lines"}},
       .run = log},
  };
}

}  // namespace visor::cli
