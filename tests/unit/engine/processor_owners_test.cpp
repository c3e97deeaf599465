#include "engine/processor_owners.h"

#include <gtest/gtest.h>

namespace visor::engine {
namespace {

using Numbers = std::vector<std::uint32_t>;

model::ProcessorOwner owner_of(const std::string& machine, bool running, model::Pinning pinning) {
  Numbers processors = model::pinned_processors(pinning);
  return {machine, running, std::move(pinning), std::move(processors)};
}

TEST(ProcessorOwners, AProposalKeepsOffWhatOthersRunOnNow) {
  const std::vector<model::ProcessorOwner> owners{owner_of("asleep", false, {.vcpus = {"0"}}),
                                                  owner_of("mine", true, {.vcpus = {"1"}}),
                                                  owner_of("other", true, {.vcpus = {"2-3", "", "3,5"}, .emulator = "6"})};
  const std::vector<host::PinningClaim> claims = pinning_claims(owners, "mine");
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].machine, "other");
  EXPECT_EQ(claims[0].processors, (Numbers{2, 3, 5})) << "the threads of QEMU itself share";
}

TEST(ProcessorOwners, ExclusiveProcessorsOfQemuAreTakenToo) {
  const std::vector<model::ProcessorOwner> owners{owner_of("alone", true, {.vcpus = {"0"}, .emulator = "1", .exclusive = true}),
                                                  owner_of("shares", true, {.emulator = "4"})};
  const std::vector<host::PinningClaim> claims = pinning_claims(owners, "");
  ASSERT_EQ(claims.size(), 1U) << "only QEMU's own threads are bound: nothing is taken";
  EXPECT_EQ(claims[0].processors, (Numbers{0, 1}));
}

}  // namespace
}  // namespace visor::engine
