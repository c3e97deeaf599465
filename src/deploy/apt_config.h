// The host's apt settings, read so that an image is built from the mirrors, keys and proxies that the host itself uses.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace visor::deploy {

/// One source of packages (sources.list(5)), only what a build needs.
struct AptSource {
  std::vector<std::string> uris;
  std::vector<std::string> suites;
  std::vector<std::string> components;
  std::string signed_by;  ///< path of a keyring, or a key itself with its continuation lines; empty: apt's trusted keys
  bool trusted = false;   ///< the administrator has said that signatures do not matter
};

/// Reads the one-line style ("deb [signed-by=...] URI SUITE main"). Lines that are no binary source are skipped.
std::vector<AptSource> parse_source_list(std::string_view text);
/// Reads the deb822 style (*.sources). Disabled stanzas are skipped.
std::vector<AptSource> parse_deb822_sources(std::string_view text);

/// The sources that carry `codename` itself, its updates or its security updates, reduced to these suites. Other releases,
/// backports and foreign archives without a component `main` are left out.
std::vector<AptSource> sources_for(const std::vector<AptSource>& all, std::string_view codename);

/// All sources of a host below `etc_apt` (/etc/apt). Files that cannot be read are skipped.
std::vector<AptSource> read_host_sources(const std::filesystem::path& etc_apt);

/// deb822 text; empty for no sources.
std::string format_sources(const std::vector<AptSource>& sources);

/// The lines of `apt-config dump` that say how to reach a mirror: proxies, certificates, retries, credentials.
std::string download_settings(std::string_view apt_config_dump);

}  // namespace visor::deploy
