#include "model/snapshot.h"

#include "model/validate.h"

namespace visor::model {

void check_snapshot_name(const std::string& name, const std::string& field, Validation& validation) {
  if (name.empty() || name.front() == ' ' || name.back() == ' ' || name == "." || name == "..") {
    validation.refuse(field, "name", "The name of a snapshot must have something in it, without blanks at its ends.");
    return;
  }
  if (name.find_first_of("\n\t") != std::string::npos) {
    validation.refuse(field, "name", "The name of a snapshot must be one line.");
    return;
  }
  check_text(name, kLongestSnapshotName, field, validation);
}

}  // namespace visor::model
