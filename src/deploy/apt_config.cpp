#include "deploy/apt_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include "base/text.h"
#include "os/file.h"

namespace visor::deploy {
namespace {

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  std::string word;
  for (const char c : line) {
    if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) found.push_back(word);
  return found;
}

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// "[signed-by=/x trusted=yes]" of a one-line source.
void read_options(std::string_view options, AptSource& source) {
  for (const std::string& option : words(options)) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = lower(std::string_view(option).substr(0, equals));
    const std::string value = option.substr(equals + 1);
    if (key == "signed-by") source.signed_by = value;
    if (key == "trusted") source.trusted = lower(value) == "yes";
  }
}

using Stanza = std::map<std::string, std::string>;

std::vector<Stanza> stanzas(std::string_view text) {
  std::vector<Stanza> all(1);
  std::string* value = nullptr;
  for (const std::string& line : text::split(text, '\n')) {
    if (line.starts_with('#')) continue;
    if (text::trim(line).empty()) {
      if (!all.back().empty()) all.emplace_back();
      value = nullptr;
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (value != nullptr) *value += "\n" + line;
    } else if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
      value = &all.back()[lower(line.substr(0, colon))];
      *value = std::string(text::trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return all;
}

bool is_no(const std::string& value) { return lower(value) == "no" || lower(value) == "false" || value == "0"; }

}  // namespace

std::vector<AptSource> parse_source_list(std::string_view text) {
  std::vector<AptSource> sources;
  for (const std::string& whole : text::split(text, '\n')) {
    std::string_view line = text::trim(std::string_view(whole).substr(0, whole.find('#')));
    if (!line.starts_with("deb ") && !line.starts_with("deb\t")) continue;
    line = text::trim(line.substr(4));
    AptSource source;
    if (line.starts_with('[')) {
      const std::size_t end = line.find(']');
      if (end == std::string_view::npos) continue;
      read_options(line.substr(1, end - 1), source);
      line = line.substr(end + 1);
    }
    const std::vector<std::string> parts = words(line);
    if (parts.size() < 3) continue;
    source.uris = {parts[0]};
    source.suites = {parts[1]};
    source.components.assign(parts.begin() + 2, parts.end());
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<AptSource> parse_deb822_sources(std::string_view text) {
  std::vector<AptSource> sources;
  for (Stanza& stanza : stanzas(text)) {
    if (!contains(words(stanza["types"]), "deb") || is_no(stanza["enabled"])) continue;
    AptSource source;
    source.uris = words(stanza["uris"]);
    source.suites = words(stanza["suites"]);
    source.components = words(stanza["components"]);
    source.signed_by = stanza["signed-by"];
    source.trusted = lower(stanza["trusted"]) == "yes";
    if (!source.uris.empty() && !source.suites.empty()) sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<AptSource> sources_for(const std::vector<AptSource>& all, std::string_view codename) {
  const std::array<std::string, 3> wanted{std::string(codename), fmt::format("{}-updates", codename),
                                          fmt::format("{}-security", codename)};
  std::vector<AptSource> chosen;
  for (AptSource source : all) {
    std::erase_if(source.suites,
                  [&](const std::string& suite) { return std::find(wanted.begin(), wanted.end(), suite) == wanted.end(); });
    if (source.suites.empty() || !contains(source.components, "main")) continue;
    source.components = {"main"};
    chosen.push_back(std::move(source));
  }
  return chosen;
}

std::vector<AptSource> read_host_sources(const std::filesystem::path& etc_apt) {
  std::vector<std::filesystem::path> files{etc_apt / "sources.list"};
  std::error_code ignored;  // a host without apt has no such directory
  for (const auto& entry : std::filesystem::directory_iterator(etc_apt / "sources.list.d", ignored))
    files.push_back(entry.path());
  std::sort(files.begin() + 1, files.end());
  std::vector<AptSource> sources;
  for (const std::filesystem::path& file : files) {
    const bool deb822 = file.extension() == ".sources";
    if (!deb822 && file.extension() != ".list") continue;
    const std::string text = os::read_file_if_any(file).value_or("");
    for (AptSource& source : deb822 ? parse_deb822_sources(text) : parse_source_list(text)) sources.push_back(std::move(source));
  }
  return sources;
}

std::string format_sources(const std::vector<AptSource>& sources) {
  std::string text;
  for (const AptSource& source : sources) {
    text += fmt::format("{}Types: deb\nURIs: {}\nSuites: {}\nComponents: {}\n", text.empty() ? "" : "\n",
                        fmt::join(source.uris, " "), fmt::join(source.suites, " "), fmt::join(source.components, " "));
    if (!source.signed_by.empty()) text += fmt::format("Signed-By: {}\n", source.signed_by);
    if (source.trusted) text += "Trusted: yes\n";
  }
  return text;
}

std::string download_settings(std::string_view apt_config_dump) {
  static constexpr std::array<std::string_view, 8> kWanted{
      "acquire::http::",      "acquire::https::",  "acquire::ftp::", "acquire::retries ", "acquire::check-valid-until ",
      "acquire::check-date ", "acquire::forceipv", "acquire::proxy"};
  std::string settings;
  for (const std::string& line : text::split(apt_config_dump, '\n')) {
    const std::string key = lower(line);
    const bool wanted =
        std::any_of(kWanted.begin(), kWanted.end(), [&](std::string_view start) { return key.starts_with(start); });
    if (wanted && !key.ends_with(" \"\";")) settings += line + "\n";
  }
  return settings;
}

}  // namespace visor::deploy
