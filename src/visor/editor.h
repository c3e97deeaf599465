// Editing a text in the user's editor.
#pragma once

#include <string>

namespace visor::cli {

/// Opens `text` in $VISUAL, $EDITOR or the first of sensible-editor, nano, vi; returns what was saved. `suffix` helps the
/// editor to know the language (".json"). The variables may hold arguments ("code --wait"). Throws Error
/// `editor.missing`, `editor.failed`.
std::string edit_text(const std::string& text, const std::string& suffix);

}  // namespace visor::cli
