// Which fields of a specification are refused.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/validate.h"

namespace visor::model::testing {

/// The fields that check_spec() refuses after `change` to a default machine, in its order.
inline std::vector<std::string> refused_fields(const std::function<void(MachineSpec&)>& change) {
  MachineSpec spec;
  change(spec);
  Validation validation;
  check_spec(spec, "spec", validation);
  std::vector<std::string> fields;
  for (const FieldError& field : validation.fields()) fields.push_back(field.field);
  return fields;
}

}  // namespace visor::model::testing
