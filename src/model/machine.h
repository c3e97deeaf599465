// A machine as it is stored and shown.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/machine_spec.h"

namespace visor::model {

BOOST_DEFINE_ENUM_CLASS(Status, stopped, starting, running, paused, stopping, saved, crashed)

/// One reading of a machine's use of resources. Rates are bytes per second since the reading before.
struct Sample {
  WallTime time;
  double cpu_percent = 0;                ///< of all virtual processors together, 0-100
  std::vector<double> vcpu_percent;      ///< each 0-100
  std::optional<Bytes> memory_used;      ///< as the guest sees it; nothing until its balloon driver reports
  Bytes memory_resident;                 ///< host memory that the QEMU process occupies
  std::optional<Bytes> memory_assigned;  ///< what the guest may use; nothing where it was not noted
  double disk_read_rate = 0;
  double disk_write_rate = 0;
  std::optional<double> net_receive_rate;  ///< nothing until the guest agent reports
  std::optional<double> net_transmit_rate;
};
BOOST_DESCRIBE_STRUCT(Sample, (),
                      (time, cpu_percent, vcpu_percent, memory_used, memory_resident, memory_assigned, disk_read_rate,
                       disk_write_rate, net_receive_rate, net_transmit_rate))

/// Samples of one range, oldest first.
struct MetricsWindow {
  std::uint32_t interval_seconds = 0;  ///< from one sample to the next when none is missing
  std::vector<Sample> samples;
};
BOOST_DESCRIBE_STRUCT(MetricsWindow, (), (interval_seconds, samples))

/// How far back samples reach: the last sixty readings (a minute while somebody watches), an hour, a day,
/// thirty days.
BOOST_DEFINE_ENUM_CLASS(MetricsRange, recent, hour, day, month)

/// What is observed, never stored: it is asked from QEMU again after a restart of the daemon. `saved` and `crashed` are
/// facts of the past and kept in the store.
struct MachineState {
  Status status = Status::stopped;
  std::string reason;  ///< why it is in this state, when there is something to say
  WallTime since;
  std::optional<WallTime> started_at;
  bool ready = false;              ///< the guest agent has answered, or cloud-init has finished
  bool agent = false;              ///< the guest agent answers now
  std::string accelerator;         ///< "kvm" or "tcg" while it runs
  std::string accelerator_reason;  ///< why not the better one
  std::vector<std::string> addresses;
  std::string guest_hostname;
  std::string guest_os;
  std::optional<std::int64_t> process_id;
  std::optional<std::uint32_t> vsock_cid;  ///< its address for vsock(7) while it runs and has one
};
BOOST_DESCRIBE_STRUCT(MachineState, (),
                      (status, reason, since, started_at, ready, agent, accelerator, accelerator_reason, addresses,
                       guest_hostname, guest_os, process_id, vsock_cid))

/// One setting whose wanted value waits for the next start. `field` is relative to the spec ("cpu.count").
struct PendingChange {
  std::string field;
  boost::json::value running;
  boost::json::value next;
  std::string reason;  ///< why it waits; empty: as all of its kind do
};
BOOST_DESCRIBE_STRUCT(PendingChange, (), (field, running, next, reason))

struct Machine {
  std::string id;
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::string group;
  WallTime created;
  std::uint64_t revision = 1;  ///< goes up with every change of name, description, tags, group or spec
  MachineSpec spec;
  std::vector<PendingChange> pending;
  MachineState state;
  std::optional<Sample> metrics;
  std::optional<std::string> task;  ///< id of the task that is working on it
};
BOOST_DESCRIBE_STRUCT(Machine, (), (id, name, description, tags, group, created, revision, spec, pending, state, metrics, task))

/// Body of POST /machines.
struct CreateRequest {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::string group;
  std::string image;  ///< name of the image its first disk starts from
  std::string iso;    ///< absolute path of an installer image
  std::optional<Bytes> disk_size;
  std::optional<boost::json::object> spec;  ///< laid over the defaults
  std::string user = "visor";
  std::vector<std::string> ssh_keys;
  std::string password;   ///< write-only; for the user at the console
  std::string user_data;  ///< further cloud-init user data
  bool start = false;
  std::string wait = "running";  ///< with start: "running" or "ready"
  std::uint32_t timeout_seconds = 600;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (),
                      (name, description, tags, group, image, iso, disk_size, spec, user, ssh_keys, password, user_data, start,
                       wait, timeout_seconds))

struct StartRequest {
  std::string wait = "running";
  std::uint32_t timeout_seconds = 600;
};
BOOST_DESCRIBE_STRUCT(StartRequest, (), (wait, timeout_seconds))

struct StopRequest {
  bool force = false;
  std::uint32_t timeout_seconds = 60;
};
BOOST_DESCRIBE_STRUCT(StopRequest, (), (force, timeout_seconds))

/// What becomes of one running machine when its host shuts down.
struct HostStopEntry {
  std::string machine;
  HostStopAction action = HostStopAction::shutdown;
  std::uint32_t time_limit = 0;  ///< seconds
  std::uint32_t round = 1;       ///< those of one round stop together, then those of the next
};
BOOST_DESCRIBE_STRUCT(HostStopEntry, (), (machine, action, time_limit, round))

struct RenameRequest {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(RenameRequest, (), (name))

struct FieldChange {
  std::string field;
  boost::json::value from;
  boost::json::value to;
  std::string reason;  ///< why it is refused or has to wait; empty when applied
};
BOOST_DESCRIBE_STRUCT(FieldChange, (), (field, from, to, reason))

/// Answer of PATCH /machines/{name}.
struct ChangeResult {
  std::vector<FieldChange> applied;
  std::vector<FieldChange> pending;
  std::vector<FieldChange> rejected;
  Machine machine;
};
BOOST_DESCRIBE_STRUCT(ChangeResult, (), (applied, pending, rejected, machine))

struct RemovalPreview {
  std::vector<std::string> removes;
  bool protected_ = false;
};
BOOST_DESCRIBE_STRUCT(RemovalPreview, (), (removes, protected_))

struct ExecRequest {
  std::vector<std::string> command;
  std::string input;  ///< base64
  std::vector<std::string> environment;
  std::uint32_t timeout_seconds = 60;
};
BOOST_DESCRIBE_STRUCT(ExecRequest, (), (command, input, environment, timeout_seconds))

struct ExecResult {
  std::int32_t exit_code = 0;
  std::optional<std::int32_t> signal;
  std::string stdout_;  ///< base64
  std::string stderr_;  ///< base64
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(ExecResult, (), (exit_code, signal, stdout_, stderr_, truncated))

struct ExplainedArgument {
  std::string argument;
  std::string value;
  std::string setting;            ///< the setting that made it ("spec.cpu.count"), or "visor"
  std::vector<std::string> also;  ///< further settings that had a part in it
  std::string why;                ///< one sentence
};
BOOST_DESCRIBE_STRUCT(ExplainedArgument, (), (argument, value, setting, also, why))

/// Something that is done to the process beside its arguments.
struct ExplainedStep {
  std::string kind;     ///< "affinity", "qmp", "cgroup", "scheduling", "energy"
  std::string target;   ///< the thread ("CPU 0/TCG"), or the command
  std::string value;    ///< the processors, or the command's arguments as JSON
  std::string setting;  ///< as in ExplainedArgument
  std::string why;
};
BOOST_DESCRIBE_STRUCT(ExplainedStep, (), (kind, target, value, setting, why))

/// What the next start would do, and what runs.
struct CommandLine {
  std::string program;
  std::vector<ExplainedArgument> arguments;
  std::vector<ExplainedStep> steps;                 ///< after QEMU is up and before the guest runs
  std::optional<std::vector<std::string>> running;  ///< arguments of the process that runs now
};
BOOST_DESCRIBE_STRUCT(CommandLine, (), (program, arguments, steps, running))

/// A value that a setting cannot have here.
struct UnavailableValue {
  std::string value;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(UnavailableValue, (), (value, reason))

/// One setting as a machine has it.
struct MachineSetting {
  std::string key;
  boost::json::value value;
  std::string unavailable;  ///< why it cannot be used on this host or with the other settings; empty when it can
  std::vector<UnavailableValue> unavailable_values;  ///< of a choice that can be used otherwise
};
BOOST_DESCRIBE_STRUCT(MachineSetting, (), (key, value, unavailable, unavailable_values))

struct SshAccess {
  std::string user;
  std::string host;
  std::uint16_t port = 0;
  std::string identity_file;
  std::string known_hosts_file;
};
BOOST_DESCRIBE_STRUCT(SshAccess, (), (user, host, port, identity_file, known_hosts_file))

}  // namespace visor::model
