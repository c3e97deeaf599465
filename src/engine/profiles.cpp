#include "engine/profiles.h"

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace visor::engine {
namespace {

constexpr const char* kKind = "profile";

const model::Profile* find_built_in(const std::string& name) {
  const auto& all = model::built_in_profiles();
  const auto found = std::find_if(all.begin(), all.end(), [&](const model::Profile& profile) { return profile.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

void ProfileCatalogue::load() {
  for (const store::Document& document : context_.store.load(kKind)) {
    try {
      auto profile = json::from_json<model::Profile>(json::parse(document.text), "store.corrupt");
      own_[profile.name] = std::move(profile);
    } catch (const Error& error) {
      log::error("the profile {} in the database is unreadable and ignored: {}", document.id, error.what());
    }
  }
}

std::vector<model::Profile> ProfileCatalogue::list() const {
  std::vector<model::Profile> all = model::built_in_profiles();
  for (const auto& [name, profile] : own_) all.push_back(profile);
  return all;
}

model::Profile ProfileCatalogue::get(const std::string& name) const {
  if (const model::Profile* profile = find_built_in(name)) return *profile;
  if (const auto found = own_.find(name); found != own_.end()) return found->second;
  throw Error(ErrorKind::not_found, "profile.not_found",
              fmt::format("There is no profile named '{}'.", text::printable(name.substr(0, 80))),
              "`visor profile list` shows all profiles.");
}

model::Profile ProfileCatalogue::create(model::ProfileRequest request) {
  model::Profile profile{request.name, request.description, false, std::move(request.spec)};
  if (!request.machine.empty()) {
    boost::json::value settings = model::portable_settings(context_.machines.by_name(request.machine).record.spec);
    json::merge_patch(settings, profile.spec);
    profile.spec = settings.as_object();
  }
  Validation validation;
  model::check_profile(profile, validation);
  validation.throw_if_failed("profile.invalid");
  if (find_built_in(profile.name) != nullptr || own_.contains(profile.name)) {
    throw Error(ErrorKind::conflict, "profile.exists", fmt::format("There is already a profile named '{}'.", profile.name),
                "Choose another name, or delete it first.");
  }
  context_.store.put(kKind, profile.name, boost::json::serialize(json::to_json(profile)));
  own_[profile.name] = profile;
  return profile;
}

void ProfileCatalogue::remove(const std::string& name) {
  if (find_built_in(name) != nullptr) {
    throw Error(ErrorKind::conflict, "profile.built_in", fmt::format("The profile '{}' comes with Visor.", name),
                "Only profiles that people made can be deleted.");
  }
  get(name);
  context_.store.erase(kKind, name);
  own_.erase(name);
}

}  // namespace visor::engine
