// From the options of `create` and `launch` to the API's request.
#pragma once

#include <string>

#include "model/machine.h"
#include "visor/command.h"

namespace visor::cli {

/// "tcp:127.0.0.1:8080:80", "udp:5353:53", "127.0.0.1:8080:80", "8080:80" (TCP on 127.0.0.1). Throws usage_error().
model::PortForward parse_forward(std::string_view text);

/// A public key: the text itself or a file that holds it. Refuses private keys.
std::string read_ssh_key(const std::string& text_or_file);

/// The absolute form of a path of the user, because the daemon has another working directory.
std::string absolute_path(const std::string& path);

/// "debian/12" -> "debian-12": a machine name made of an image's name.
std::string name_from_image(std::string_view image);

/// The request without --set and --forward, which need the daemon's knowledge. Reads the files and standard input that the
/// options name. Throws usage_error().
model::CreateRequest make_request(const Arguments& arguments);

}  // namespace visor::cli
