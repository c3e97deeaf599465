#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "loop/timeout.h"
#include "visor/commands.h"
#include "visor/completion.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

/// A prompt must not hang because a daemon does.
constexpr auto kCompletionPatience = std::chrono::milliseconds(1500);

Awaitable<int> script(Context& context, const Arguments& arguments) {
  const std::string shell = arguments.get("SHELL");
  const std::string text = completion_script(shell);
  if (text.empty()) throw usage_error(fmt::format("'{}' is not one of bash, zsh, fish.", text::printable(shell)), "completion");
  context.out.print(text);
  co_return kExitOk;
}

Awaitable<std::vector<Candidate>> machine_names(client::Api& api) {
  std::vector<Candidate> names;
  for (const model::Machine& machine : co_await api.machines())
    names.push_back({machine.name, json::enum_name(machine.state.status)});
  co_return names;
}

Awaitable<std::vector<Candidate>> image_names(client::Api& api, bool buildable) {
  const client::Images images = co_await api.images();
  std::vector<Candidate> names;
  if (buildable) {
    for (const model::BuildableImage& image : images.buildable) names.push_back({image.name, image.title});
  } else {
    for (const model::Image& image : images.images) names.push_back({image.name, image.description});
  }
  co_return names;
}

Awaitable<std::vector<Candidate>> disk_names(client::Api& api, std::string machine, bool drives) {
  const model::Machine found = co_await api.machine(std::move(machine));
  std::vector<Candidate> names;
  for (const model::Disk& disk : found.spec.disks) {
    if (!drives || disk.device == model::DiskDevice::cdrom)
      names.push_back({disk.id, disk.volume.empty() ? disk.file : disk.volume});
  }
  co_return names;
}

/// What belongs to one machine.
Awaitable<std::vector<Candidate>> names_of_machine(client::Api& api, Completes what, std::string machine) {
  std::vector<Candidate> names;
  if (what == Completes::snapshots) {
    for (const model::Snapshot& snapshot : (co_await api.snapshots(std::move(machine))).snapshots)
      names.push_back({snapshot.name, snapshot.note});
  } else if (what == Completes::shares) {
    for (const model::Share& share : (co_await api.machine(std::move(machine))).spec.shares)
      names.push_back({share.tag, share.path});
  } else {
    names = co_await disk_names(api, std::move(machine), what == Completes::drives);
  }
  co_return names;
}

Awaitable<std::vector<Candidate>> live_names(client::Api& api, Completes what, std::string machine) {
  std::vector<Candidate> names;
  switch (what) {
    case Completes::disks:
    case Completes::drives:
    case Completes::shares:
    case Completes::snapshots: co_return co_await names_of_machine(api, what, std::move(machine));
    case Completes::volumes:
      for (const model::Volume& volume : co_await api.volumes()) names.push_back({volume.name, volume.machine});
      break;
    case Completes::isos:
      for (const model::Iso& iso : co_await api.isos()) names.push_back({iso.name, iso.path});
      break;
    case Completes::profiles:
      for (const model::Profile& profile : co_await api.profiles()) names.push_back({profile.name, profile.description});
      break;
    case Completes::systems:
      for (const model::OperatingSystem& system : co_await api.operating_systems()) names.push_back({system.id, system.name});
      break;
    case Completes::machines: co_return co_await machine_names(api);
    case Completes::images: co_return co_await image_names(api, false);
    case Completes::buildable_images: co_return co_await image_names(api, true);
    case Completes::tasks:
      for (const model::Task& task : co_await api.tasks("")) names.push_back({task.id, task.title});
      break;
    case Completes::tokens:
      for (const client::Token& token : co_await api.tokens()) names.push_back({token.id, token.name});
      break;
    case Completes::settings:
      for (const model::Setting& setting : co_await api.settings()) names.push_back({setting.key + "=", setting.title});
      break;
    case Completes::commands:
      for (const Command& command : all_commands()) {
        if (!command.group.empty()) names.push_back({command.name, command.summary});
      }
      break;
    case Completes::nothing:
    case Completes::files: break;
  }
  co_return names;
}

Awaitable<int> complete_words(Context& context, const Arguments& arguments) {
  const Completion completion = complete(arguments.rest);
  std::vector<Candidate> candidates = completion.candidates;
  if (completion.live == Completes::files) candidates.push_back({":files"});
  try {
    client::Api& api = context.api();
    std::function<Awaitable<std::vector<Candidate>>()> ask = [&]() -> Awaitable<std::vector<Candidate>> {
      co_return co_await live_names(api, completion.live, completion.machine);
    };
    for (Candidate& name : co_await loop::with_timeout<std::vector<Candidate>>(kCompletionPatience, "The completion", ask)) {
      name.value = completion.stem + name.value;
      if (name.value.starts_with(completion.stem + completion.prefix)) candidates.push_back(std::move(name));
    }
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): without the daemon there are no names
  }
  std::string out;
  for (const Candidate& candidate : candidates) {
    out += text::printable(candidate.value);
    if (!candidate.meaning.empty()) out += "\t" + text::printable(candidate.meaning);
    out += "\n";
  }
  context.out.print(out);
  co_return kExitOk;
}

}  // namespace

std::vector<Command> completion_commands() {
  return {
      {.name = "completion",
       .group = "Help",
       .summary = "Print the completion script for a shell.",
       .positionals = {{"SHELL", "bash, zsh or fish."}},
       .examples = {{"eval \"$(visor completion bash)\"", "in ~/.bashrc"},
                    {"visor completion zsh > ~/.zfunc/_visor", "with ~/.zfunc in fpath"},
                    {"visor completion fish > ~/.config/fish/completions/visor.fish", "once"}},
       .run = script},
      {.name = "__complete", .group = {}, .summary = "Complete the words after --.", .rest = "WORDS...", .run = complete_words},
  };
}

}  // namespace visor::cli
