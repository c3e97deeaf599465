// VMDK (VMware Virtual Disk Format 1.1): one file or many that name each other.
#pragma once

#include <string>

#include "storage/byte_source.h"

namespace visor::storage {

/// Whether the bytes are a VMDK of any kind: sparse, ESX sparse or a bare text descriptor.
bool is_vmdk(const ByteSource& bytes);
/// Accepts a self-contained sparse or stream-optimized VMDK. Errors: `image.has_backing_file` for a descriptor that names extent
/// files or a parent, `image.not_an_image`.
void check_vmdk(const ByteSource& bytes, const std::string& name);

}  // namespace visor::storage
