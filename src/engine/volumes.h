// The files below volumes: whose they are, what they stand on, and which nobody needs.
#pragma once

#include <string>
#include <vector>

#include "engine/context.h"
#include "model/clone.h"

namespace visor::engine {

class Volumes {
 public:
  explicit Volumes(Context& context) : context_(context) {}

  Awaitable<std::vector<model::Volume>> list();
  /// Deletes a file that nothing needs. Errors: `volume.not_found`, `volume.in_use` with who needs it.
  Awaitable<> remove(std::string name);

 private:
  bool is_being_made(const std::string& name) const;

  Context& context_;
};

}  // namespace visor::engine
