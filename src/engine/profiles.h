// The profiles: those that come with Visor and those that people made.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/context.h"
#include "model/profile.h"

namespace visor::engine {

class ProfileCatalogue {
 public:
  explicit ProfileCatalogue(Context& context) : context_(context) {}

  void load();
  /// The built-in ones first.
  std::vector<model::Profile> list() const;
  /// Error `profile.not_found`.
  model::Profile get(const std::string& name) const;
  /// Errors `profile.exists`, `profile.invalid`; `machine.not_found` when it is made from one.
  model::Profile create(model::ProfileRequest request);
  /// Errors `profile.not_found`, `profile.built_in`.
  void remove(const std::string& name);

 private:
  Context& context_;
  std::map<std::string, model::Profile> own_;
};

}  // namespace visor::engine
