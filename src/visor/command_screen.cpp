#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "base/text.h"
#include "os/file.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

unsigned parse_width(const std::string& text) {
  unsigned width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (error != std::errc() || end != text.data() + text.size() || width == 0 || width > 16384) {
    throw usage_error(fmt::format("--width must be 1 to 16384 pixels, not '{}'.", text::printable(text)), "screen");
  }
  return width;
}

Awaitable<int> screen(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  const std::string output = arguments.get("output", name + ".png");
  if (output == "-" && is_terminal(STDOUT_FILENO))
    throw usage_error("A terminal cannot show a PNG; redirect or use --output.", "screen");
  const unsigned width = arguments.has("width") ? parse_width(arguments.get("width")) : 0;
  const std::string png = co_await context.api().screenshot(name, width);
  if (output == "-") {
    write_standard_output(png);
    co_return kExitOk;
  }
  os::replace_file(output, png, 0644);
  context.out.say(fmt::format("Saved the screen of {} as {}.", name, text::printable(output)));
  co_return kExitOk;
}

}  // namespace

std::vector<Command> screen_commands() {
  return {{.name = "screen",
           .group = "Enter a machine",
           .summary = "Save a picture of a machine's screen.",
           .positionals = {{"NAME", "The machine.", Completes::machines}},
           .options = {{.names = "--output",
                        .value = "FILE",
                        .help = "The PNG file (default: NAME.png); - is standard output.",
                        .completes = Completes::files},
                       {.names = "--width", .value = "PIXELS", .help = "Scale down to this width."}},
           .examples = {{"visor screen hello --output x.png", "what is on the screen now"},
                        {"visor screen hello --output - --width 320 | display -", "into a program"}},
           .run = screen}};
}

}  // namespace visor::cli
