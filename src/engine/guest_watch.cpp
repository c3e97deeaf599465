#include "engine/guest_watch.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr auto kFirstPause = std::chrono::milliseconds(500);
// A guest without an agent costs one question a minute.
constexpr auto kLongestPause = std::chrono::seconds(60);
constexpr auto kPingTimeout = std::chrono::milliseconds(3000);

/// cloud-init prints this as its last line ("Cloud-init v. 22.4.2 finished at ...").
bool cloud_init_finished(const std::string& serial_output) {
  const std::size_t at = serial_output.rfind("Cloud-init v. ");
  return at != std::string::npos && serial_output.find(" finished at ", at) != std::string::npos;
}

}  // namespace

GuestWatch::GuestWatch(Context& context) : context_(context), group_(context.executor) {}

void GuestWatch::follow(const std::string& id) {
  group_.spawn("watch guest", [this, id]() -> Awaitable<> { return watch(id); });
}

void GuestWatch::look(const std::string& id) { news_of(id)->notify_all(); }

std::shared_ptr<loop::Notifier> GuestWatch::news_of(const std::string& id) {
  std::shared_ptr<loop::Notifier>& news = news_[id];
  if (!news) news = std::make_shared<loop::Notifier>(context_.executor);
  return news;
}

Awaitable<> GuestWatch::watch(std::string id) {
  const MachineEntry* first = context_.machines.find(id);
  const hypervisor::RunningMachine* process = first != nullptr ? first->running.get() : nullptr;
  const std::shared_ptr<loop::Notifier> news = news_of(id);
  loop::Duration pause = kFirstPause;
  for (;;) {
    const MachineEntry* entry = context_.machines.find(id);
    if (entry == nullptr || entry->running == nullptr) news_.erase(id);
    // A machine that was started again has a watcher of its own.
    if (entry == nullptr || entry->running == nullptr || entry->running.get() != process) co_return;
    if (!entry->record.spec.guest_agent) co_return;
    const bool complete = co_await ask(id);
    const bool woken = co_await news->wait(complete ? loop::Duration(std::chrono::hours(1)) : pause);
    pause = woken ? loop::Duration(kFirstPause) : std::min<loop::Duration>(pause * 2, kLongestPause);
  }
}

Awaitable<bool> GuestWatch::ask(std::string id) {
  MachineEntry& entry = require_machine(context_, id);
  if (entry.status != model::Status::running) co_return false;
  hypervisor::RunningMachine* process = entry.running.get();
  const bool answers = co_await process->agent().ping(kPingTimeout);
  MachineEntry* now = context_.machines.find(id);
  if (now == nullptr || now->running.get() != process) co_return false;
  if (answers) co_await ask_details(id);
  now = context_.machines.find(id);
  if (now == nullptr || now->running.get() != process) co_return false;
  // Without a wait between the change and its news: nobody may see the one without the other.
  const bool changed = now->agent != answers;
  now->agent = answers;
  now->ready = now->ready || answers;
  if (changed) {
    context_.machines.publish(*now);
    news_of(id)->notify_all();
  }
  co_return answers && !now->addresses.empty();
}

Awaitable<> GuestWatch::ask_details(std::string id) {
  MachineEntry& entry = require_machine(context_, id);
  std::vector<std::string> addresses;
  hypervisor::GuestAgent::OsInfo os;
  try {
    for (const auto& interface : co_await entry.running->agent().interfaces()) {
      addresses.insert(addresses.end(), interface.addresses.begin(), interface.addresses.end());
    }
    os = co_await entry.running->agent().os_info();
  } catch (const Error& error) {
    // An agent may be too old for a question or be configured to refuse it; what it does answer is still of use.
    if (error.kind() == ErrorKind::cancelled) throw;
  }
  MachineEntry* now = context_.machines.find(id);
  if (now == nullptr) co_return;
  const bool changed = now->addresses != addresses || now->guest_hostname != os.hostname || now->guest_os != os.pretty_name;
  now->addresses = std::move(addresses);
  now->guest_hostname = text::printable(os.hostname.substr(0, 255));
  now->guest_os = text::printable(os.pretty_name.substr(0, 255));
  if (changed) context_.machines.publish(*now);
}

Awaitable<> GuestWatch::wait_ready(std::string id, std::chrono::seconds timeout, loop::Duration rest) {
  const auto deadline = std::chrono::steady_clock::now() + rest;
  const std::shared_ptr<loop::Notifier> news = news_of(id);
  for (;;) {
    MachineEntry& entry = require_machine(context_, id);
    if (entry.ready) co_return;
    if (!entry.running) {
      throw Error(ErrorKind::conflict, "machine.ended",
                  fmt::format("The machine '{}' ended before it was ready. {}", entry.record.name, entry.reason),
                  fmt::format("`visor log {}` shows what QEMU said.", entry.record.name));
    }
    if (cloud_init_finished(os::read_tail(entry.running->serial_log(0), Bytes{16384}))) {
      entry.ready = true;
      context_.machines.publish(entry);
      co_return;
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= loop::Duration::zero()) {
      throw Error(
          ErrorKind::timeout, "machine.not_ready",
          fmt::format("The guest of '{}' was not ready within {} s; the machine runs on.", entry.record.name, timeout.count()),
          fmt::format("Look at it with `visor console {}`. Readiness needs the guest agent or cloud-init in the guest.",
                      entry.record.name));
    }
    co_await news->wait(std::min<loop::Duration>(left, std::chrono::seconds(1)));
  }
}

Awaitable<> GuestWatch::close() { co_await group_.close(); }

}  // namespace visor::engine
