// visord: the daemon.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "visord/daemon.h"

namespace {

constexpr int kExitError = 1;
constexpr int kExitUsage = 2;

int run(int argc, char** argv) {
  visor::visord::DaemonOptions options;
  options.paths = visor::model::default_paths();
  std::string state;
  std::string runtime;
  std::string socket;
  bool verbose = false;
  CLI::App app("visord: the daemon of Visor. Machines go on running when it ends.");
  app.set_version_flag("--version", std::string("visord ") + VISOR_VERSION);
  app.add_option("--state-dir", state,
                 "What survives a reboot: disks, images, settings [" + options.paths.state_directory.native() + "]");
  app.add_option("--runtime-dir", runtime,
                 "Sockets and logs of running machines [" + options.paths.runtime_directory.native() + "]");
  app.add_option("--socket", socket, "The API's unix socket [RUNTIME-DIR/visord.sock]");
  std::string listen;
  CLI::Option* listen_option = app.add_option("--listen", listen,
                                              "ADDRESS:PORT of page and API; port 0: a free one; empty: none [" +
                                                  options.paths.listen + ", another port when that is taken]");
  app.add_option(
         "--allow-host", options.allowed_hosts,
         "A further NAME by which browsers reach the page (a reverse proxy's, the host's own); may be given several times")
      ->expected(1)
      ->take_all();
  app.add_option(
         "--allow-share", options.allowed_shares,
         "A FOLDER in which machines may share folders with their guests; may be given several times. Without it a visord "
         "that is root shares none, and one of an ordinary user all that the user may read")
      ->expected(1)
      ->take_all();
  app.add_flag("--verbose", verbose, "Log more");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (!state.empty()) options.paths.state_directory = std::filesystem::absolute(state);
  if (!runtime.empty()) options.paths.runtime_directory = std::filesystem::absolute(runtime);
  options.paths.socket = socket.empty() ? options.paths.runtime_directory / "visord.sock" : std::filesystem::absolute(socket);
  options.any_port = listen_option->empty();
  if (!options.any_port) options.paths.listen = listen;
  if (verbose) options.log_level = visor::log::Level::debug;
  visor::visord::run_daemon(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const visor::Error& error) {
    std::cerr << "visord: " << error.what() << "\n";
    if (!error.hint().empty()) std::cerr << "hint: " << error.hint() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "visord: " << error.what() << "\n";
  }
  return kExitError;
}
