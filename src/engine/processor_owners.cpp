#include "engine/processor_owners.h"

#include <algorithm>
#include <utility>

namespace visor::engine {

std::vector<model::ProcessorOwner> processor_owners(const std::vector<MachineEntry*>& machines) {
  std::vector<model::ProcessorOwner> owners;
  for (const MachineEntry* entry : machines) {
    const bool running = entry->running != nullptr;
    const model::Pinning& pinning = running ? entry->running->running_spec().cpu.pinning : entry->record.spec.cpu.pinning;
    std::vector<std::uint32_t> processors = model::pinned_processors(pinning);
    if (processors.empty()) continue;
    owners.push_back({entry->record.name, running, pinning, std::move(processors)});
  }
  std::ranges::sort(owners, {}, &model::ProcessorOwner::machine);
  return owners;
}

std::vector<host::PinningClaim> pinning_claims(const std::vector<model::ProcessorOwner>& owners, const std::string& but) {
  std::vector<host::PinningClaim> claims;
  for (const model::ProcessorOwner& owner : owners) {
    if (!owner.running || owner.machine == but) continue;
    model::Pinning taken = owner.pinning;
    if (!taken.exclusive) {
      taken.emulator.clear();
      taken.io.clear();
    }
    host::PinningClaim claim{owner.machine, model::pinned_processors(taken)};
    if (!claim.processors.empty()) claims.push_back(std::move(claim));
  }
  return claims;
}

}  // namespace visor::engine
