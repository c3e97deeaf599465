// `visor share`: folders of the host that a machine's guest can mount.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "base/text.h"
#include "visor/change.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

constexpr std::size_t kLongestTag = 31;

/// A tag made of the folder's own name: what no tag can hold becomes '-'.
std::string tag_of(const std::filesystem::path& folder) {
  std::string tag;
  const std::string name = folder.filename().native();
  for (const char c : name) {
    const bool good =
        static_cast<unsigned char>(c) < 0x80 && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_');
    if (good) tag += c;
    if (!good && !tag.empty() && tag.back() != '-') tag += '-';
  }
  const std::size_t first = std::min(tag.find_first_not_of("._-"), tag.size());
  tag = tag.substr(first, kLongestTag);
  while (tag.ends_with('-')) tag.pop_back();
  return tag.empty() ? "share" : tag;
}

std::string mount_command(const model::Share& share) {
  if (model::is_virtiofs(share)) return fmt::format("mount -t virtiofs{} {} /mnt", share.read_only ? " -o ro" : "", share.tag);
  return fmt::format("mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144{} {} /mnt", share.read_only ? ",ro" : "",
                     share.tag);
}

boost::json::object shares_patch(const std::vector<model::Share>& shares) {
  return {{"spec", boost::json::object{{"shares", json::to_json(shares)}}}};
}

Awaitable<int> share_list(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  Table table{{{"TAG"}, {"FOLDER"}, {"ACCESS"}, {"BY"}, {"OWNERS"}, {"IN THE GUEST"}}, {}};
  for (const model::Share& share : machine.spec.shares) {
    table.rows.push_back({share.tag, share.path, share.read_only ? "read-only" : "read and write", share.driver,
                          json::enum_name(share.owners), mount_command(share)});
  }
  context.out.show(json::to_json(machine.spec.shares), table);
  co_return kExitOk;
}

Awaitable<int> share_add(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  // As the shell means it: a relative folder is one of the caller's.
  const std::filesystem::path folder = std::filesystem::absolute(arguments.get("FOLDER")).lexically_normal();
  model::Share share;
  share.path = folder.has_filename() ? folder.native() : folder.parent_path().native();
  share.tag = arguments.get("tag", tag_of(share.path));
  share.read_only = arguments.has("read-only");
  share.driver = arguments.get("driver", share.driver);
  // virtiofs knows no other way.
  if (arguments.has("plain") || model::is_virtiofs(share)) share.owners = model::ShareOwners::plain;
  std::vector<model::Share> shares = machine.spec.shares;
  shares.push_back(share);
  const int code = co_await send_change(context, machine, shares_patch(shares));
  if (code == kExitOk && context.out.is_table()) context.out.note(fmt::format("In the guest: {}", mount_command(share)));
  co_return code;
}

Awaitable<int> share_remove(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const std::string tag = arguments.get("TAG");
  std::vector<model::Share> shares = machine.spec.shares;
  if (std::erase_if(shares, [&](const model::Share& share) { return share.tag == tag; }) == 0) {
    throw Error(ErrorKind::not_found, "share.not_found",
                fmt::format("The machine '{}' shares no folder with the tag '{}'.", machine.name, text::printable(tag)),
                fmt::format("`visor share list {}` lists them.", machine.name));
  }
  co_return co_await send_change(context, machine, shares_patch(shares));
}

}  // namespace

std::vector<Command> share_commands() {
  const PositionalSpec machine{"NAME", "The machine.", Completes::machines};
  return {
      {.name = "share list",
       .group = "Machines",
       .summary = "List the folders of the host that a machine's guest can mount, and how.",
       .positionals = {machine},
       .examples = {{"visor share list hello", "with the command that mounts each"}},
       .run = share_list},
      {.name = "share add",
       .group = "Machines",
       .summary = "Share a folder of the host with a machine; its guest can mount it from the next start on.",
       .description =
           "The guest reaches what is in the folder and nothing beside it, wherever links in it lead. Files belong to the user "
           "that QEMU runs as; what the guest says of owners, modes and links is noted beside the files (extended attributes), "
           "unless --plain makes real links and modes. A visord that runs as root shares only folders below those that it was "
           "started with (--allow-share). While the guest has a folder mounted, the machine cannot be saved. --driver virtiofs "
           "is "
           "faster: a process of its own (virtiofsd) serves the folder, always with real links and modes; such a machine cannot "
           "be "
           "saved at all, and its memory cannot be merged.",
       .positionals = {machine, {"FOLDER", "A folder of the host that visord runs on.", Completes::files}},
       .options = {{.names = "--tag", .value = "TAG", .help = "By which the guest mounts it; else the folder's name."},
                   {.names = "--read-only", .help = "The guest cannot change anything in it."},
                   {.names = "--plain", .help = "Real links and modes instead of noted ones."},
                   {.names = "--driver", .value = "DRIVER", .help = "9p, which is what else is taken, or virtiofs."}},
       .examples = {{"visor share add hello ~/src", "read and write, by the tag src"},
                    {"visor share add hello /srv/films --tag films --read-only", "to look at only"},
                    {"visor share add hello /srv/src --driver virtiofs", "for work with many files"}},
       .dry_run = true,
       .run = share_add},
      {.name = "share remove",
       .group = "Machines",
       .summary = "Share a folder no longer; the guest has it until its next start. The folder itself stays as it is.",
       .positionals = {machine, {"TAG", "The share's tag.", Completes::shares}},
       .examples = {{"visor share remove hello src", "not any more"}},
       .dry_run = true,
       .run = share_remove},
  };
}

}  // namespace visor::cli
