// A named set of settings that can be laid over any machine.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"

namespace visor::model {

struct Profile {
  std::string name;
  std::string description;
  bool built_in = false;     ///< comes with Visor; cannot be deleted
  boost::json::object spec;  ///< a merge patch of a machine's spec: {"cpu": {"nested": "off"}}
};
BOOST_DESCRIBE_STRUCT(Profile, (), (name, description, built_in, spec))

/// Body of POST /profiles: the settings themselves, or the machine whose settings are taken.
struct ProfileRequest {
  std::string name;
  std::string description;
  boost::json::object spec;
  std::string machine;
};
BOOST_DESCRIBE_STRUCT(ProfileRequest, (), (name, description, spec, machine))

/// Body of POST /profiles/{name}/actions/apply.
struct ProfileTarget {
  std::string machine;
};
BOOST_DESCRIBE_STRUCT(ProfileTarget, (), (machine))

/// Those that come with Visor.
const std::vector<Profile>& built_in_profiles();

/// Refuses names that are none, and settings that do not exist, are out of range or belong to one machine only: its disks,
/// adapters, system, kernel, and what is fixed when it is created.
void check_profile(const Profile& profile, Validation& validation);

/// The settings of a machine that differ from the defaults and would suit another one.
boost::json::object portable_settings(const MachineSpec& spec);

}  // namespace visor::model
