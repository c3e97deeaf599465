// docs/settings.md, made from the table of settings.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "model/settings.h"
#include "visor/help.h"

namespace visor::cli {
namespace {

std::string shown(const model::Setting& setting, std::int64_t number) {
  if (setting.type == "bytes") return format_bytes({static_cast<std::uint64_t>(number)});
  return std::to_string(number) + (setting.unit.empty() ? "" : " " + setting.unit);
}

std::string takes(const model::Setting& setting) {
  if (setting.type == "enum") return "`" + fmt::format("{}", fmt::join(setting.values, "`, `")) + "`";
  if (setting.type == "boolean") return "`true`, `false`";
  if (setting.minimum && setting.maximum) return shown(setting, *setting.minimum) + " to " + shown(setting, *setting.maximum);
  return setting.type == "list" ? "a list" : "text";
}

std::string default_text(const model::Setting& setting) {
  const boost::json::value& value = setting.default_;
  if (value.is_null() || (value.is_array() && value.get_array().empty())) return "";
  if (value.is_string()) return value.get_string().empty() ? "" : "`" + std::string(value.get_string()) + "`";
  if (value.is_number()) return shown(setting, value.to_number<std::int64_t>());
  return "`" + boost::json::serialize(value) + "`";
}

std::string applies(const model::Setting& setting) {
  if (setting.read_only) return "at creation";
  if (setting.live) return "at once";
  return setting.live_if_possible ? "at once where the machine can take it" : "at the next start";
}

}  // namespace

std::string settings_reference() {
  std::string out =
      "# Settings of a machine\n\n"
      "Made from the table of settings by `visor __settings`. `visor set NAME KEY=VALUE` changes one, `visor config list NAME`\n"
      "shows those of a machine and why some cannot be used on this host, `visor explain NAME KEY` what one makes.\n\n"
      "| key | what it is | takes | default | applies |\n| --- | --- | --- | --- | --- |\n";
  for (const model::Setting& setting : model::settings()) {
    out += fmt::format("| `{}` | **{}.** {} | {} | {} | {} |\n", setting.key, setting.title, setting.description, takes(setting),
                       default_text(setting), applies(setting));
  }
  return out;
}

}  // namespace visor::cli
