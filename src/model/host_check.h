// What was looked at on this host, so that people see what works here, what does not, and how to get it.
#pragma once

#include <boost/describe.hpp>

#include <string>
#include <vector>

namespace visor::model {

/// The feature that needs it, in the order in which they are shown.
BOOST_DEFINE_ENUM_CLASS(CheckFeature, virtualization, qemu, security, memory, passthrough, control, rights, sharing, images)

/// ok: can be used. limited: works in part. off: the host has it, switched off. missing: it is not there.
BOOST_DEFINE_ENUM_CLASS(CheckState, ok, limited, off, missing)

struct HostCheck {
  std::string id;  ///< stable: "kvm.device"
  CheckFeature feature = CheckFeature::virtualization;
  std::string title;
  CheckState state = CheckState::ok;
  bool needed = false;  ///< no machine runs without it
  std::string reason;   ///< what was read, in a sentence
  std::string fix;      ///< how to get it, in a sentence; empty when nothing is to be done or nothing can be
  std::string command;  ///< the shell command that does so, when there is one
};
BOOST_DESCRIBE_STRUCT(HostCheck, (), (id, feature, title, state, needed, reason, fix, command))

}  // namespace visor::model
