// The one validation path: everything that becomes a machine or an image passes here, whatever way it came.
#pragma once

#include <string_view>

#include "base/error.h"
#include "model/machine.h"

namespace visor::model {

/// Machine names: 1-63 of a-z 0-9 -, as host names: no dash at the ends.
void check_machine_name(std::string_view name, std::string_view field, Validation& validation);
/// Image names: one to four parts of a-z 0-9 . _ - joined by "/", each starting with a letter or digit, at most 128 characters.
void check_image_name(std::string_view name, std::string_view field, Validation& validation);
/// Free text: valid UTF-8, no control characters but line breaks and tabs, at most `limit` characters.
void check_text(std::string_view text, std::size_t limit, std::string_view field, Validation& validation);
/// The whole specification: ranges, references, uniqueness, combinations. `path` is put before each field ("spec").
void check_spec(const MachineSpec& spec, std::string_view path, Validation& validation);
/// Everything of a create request that can be judged without the host.
void check_create_request(const CreateRequest& request, Validation& validation);

}  // namespace visor::model
