// The bodies of requests and answers that are no objects of the model.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "model/clone.h"
#include "model/host_check.h"
#include "model/image.h"
#include "model/iso.h"
#include "model/machine.h"
#include "model/machine_preview.h"
#include "model/profile.h"
#include "model/settings.h"
#include "model/task.h"

namespace visor::api {

struct Root {
  std::string name;
  std::string version;
  std::vector<std::string> features;
};
BOOST_DESCRIBE_STRUCT(Root, (), (name, version, features))

struct MachineList {
  std::vector<model::Machine> machines;
};
BOOST_DESCRIBE_STRUCT(MachineList, (), (machines))

struct HostStopPlan {
  std::vector<model::HostStopEntry> machines;
};
BOOST_DESCRIBE_STRUCT(HostStopPlan, (), (machines))

struct SystemList {
  std::vector<model::OperatingSystem> systems;
};
BOOST_DESCRIBE_STRUCT(SystemList, (), (systems))

struct ProfileList {
  std::vector<model::Profile> profiles;
};
BOOST_DESCRIBE_STRUCT(ProfileList, (), (profiles))

struct TaskAnswer {
  model::Task task;
};
BOOST_DESCRIBE_STRUCT(TaskAnswer, (), (task))

struct TaskList {
  std::vector<model::Task> tasks;
};
BOOST_DESCRIBE_STRUCT(TaskList, (), (tasks))

struct ImageList {
  std::vector<model::Image> images;
  std::vector<model::BuildableImage> buildable;
};
BOOST_DESCRIBE_STRUCT(ImageList, (), (images, buildable))

struct VolumeList {
  std::vector<model::Volume> volumes;
};
BOOST_DESCRIBE_STRUCT(VolumeList, (), (volumes))

struct IsoList {
  std::vector<model::Iso> isos;
};
BOOST_DESCRIBE_STRUCT(IsoList, (), (isos))

struct MachineLog {
  std::vector<std::string> lines;
};
BOOST_DESCRIBE_STRUCT(MachineLog, (), (lines))

struct MachineSettings {
  std::vector<model::MachineSetting> settings;
};
BOOST_DESCRIBE_STRUCT(MachineSettings, (), (settings))

struct FileWritten {
  std::uint64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(FileWritten, (), (bytes))

BOOST_DEFINE_ENUM_CLASS(TicketKind, screen, serial)

struct TicketRequest {
  TicketKind kind = TicketKind::screen;
};
BOOST_DESCRIBE_STRUCT(TicketRequest, (), (kind))

struct Ticket {
  std::string ticket;
  std::string path;  ///< of the WebSocket, with the ticket in it
  WallTime expires;
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (ticket, path, expires))

struct HostCheckList {
  std::vector<model::HostCheck> checks;
};
BOOST_DESCRIBE_STRUCT(HostCheckList, (), (checks))

struct SettingsList {
  std::vector<model::Setting> settings;
};
BOOST_DESCRIBE_STRUCT(SettingsList, (), (settings))

struct LoginRequest {
  std::string code;
};
BOOST_DESCRIBE_STRUCT(LoginRequest, (), (code))

struct LoginAnswer {
  std::string user;
};
BOOST_DESCRIBE_STRUCT(LoginAnswer, (), (user))

struct SessionInfo {
  std::string user;
  std::string via;  ///< cookie, token or socket
};
BOOST_DESCRIBE_STRUCT(SessionInfo, (), (user, via))

struct LoginLink {
  std::string url;
  WallTime expires;
};
BOOST_DESCRIBE_STRUCT(LoginLink, (), (url, expires))

struct TokenRequest {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(TokenRequest, (), (name))

struct TokenInfo {
  std::string id;
  std::string name;
  WallTime created;
};
BOOST_DESCRIBE_STRUCT(TokenInfo, (), (id, name, created))

struct TokenList {
  std::vector<TokenInfo> tokens;
};
BOOST_DESCRIBE_STRUCT(TokenList, (), (tokens))

/// The only answer that holds the token itself.
struct NewToken {
  std::string id;
  std::string name;
  WallTime created;
  std::string token;
};
BOOST_DESCRIBE_STRUCT(NewToken, (), (id, name, created, token))

}  // namespace visor::api
