// Small pictures of screens.
#pragma once

#include <string>

namespace visor::console {

/// A PNG scaled down to `width` pixels, its height in proportion; `png` itself when it is not wider. Blocks: run it on the
/// blocking pool. What is no PNG, or one beyond 8192 pixels a side or 36 million in all, is Error{internal, "console.bad_picture"}: the bytes come from
/// QEMU, which is not trusted. `width` is 1 to 4096, else Error{invalid, "console.bad_width"}.
std::string scale_png(std::string png, unsigned width);

}  // namespace visor::console
