// Folders of the host that guests see. QEMU serves them by 9p; it gets each as a descriptor, and its box (Landlock) ends at the
// folder: neither a link nor ".." leads out, whatever QEMU does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"
#include "os/fd.h"
#include "qemu/plan.h"
#include "qemu/share_policy.h"

namespace visor::qemu {

/// Opens the folder after it has been judged by where it really is (links resolved), so that nothing can be put in its place.
/// Error{invalid, "share.unusable"} with the reason.
os::Fd open_share(const model::Share& share, const SharePolicy& policy);

/// Notes every folder that could not be shared now; the fields are below "spec". Looks at the host's files, and so may wait.
void check_shared_folders(const std::vector<model::Share>& shares, const SharePolicy& policy, Validation& validation);

/// Why no folder at all can be shared; empty: some can.
std::string no_shares_reason(const SharePolicy& policy);

/// Recognises in QEMU's log that its user may not enter a shared folder.
std::optional<Error> share_failure(const std::vector<std::string>& log, const Plan& plan);

}  // namespace visor::qemu
