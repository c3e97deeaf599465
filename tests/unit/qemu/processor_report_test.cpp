#include "qemu/processor_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "loop/event_loop.h"
#include "os/process.h"
#include "qemu/question.h"

namespace visor::qemu {
namespace {

using boost::json::object;

/// Models as the real QEMU describes them.
std::map<std::string, ProcessorFeatures> models(const std::vector<std::string>& names) {
  std::map<std::string, ProcessorFeatures> known;
  loop::EventLoop loop;
  loop.run_until_done([&]() -> Awaitable<> {
    co_await ask_program(*os::find_program("qemu-system-x86_64"), {"-accel", "tcg"}, [&](qmp::Client& client) -> Awaitable<> {
      for (const std::string& name : names) {
        known[name] = parse_expansion(
            co_await client.execute("query-cpu-model-expansion", {{"type", "static"}, {"model", object{{"name", name}}}}));
      }
    });
  });
  return known;
}

TEST(ProcessorReport, AGuestMovesToANewerHostOfItsMakerAndNotToAnOlderOne) {
  auto known = models({"EPYC-Rome", "EPYC-Milan", "Skylake-Server", "Haswell-noTSX"});
  EXPECT_TRUE(compare(known["EPYC-Rome"], "EPYC-Milan", known["EPYC-Milan"]).fits);
  const model::HostTypeFit back = compare(known["EPYC-Milan"], "EPYC-Rome", known["EPYC-Rome"]);
  EXPECT_FALSE(back.fits);
  // What AMD's third generation brought.
  EXPECT_THAT(back.missing, ::testing::IsSupersetOf({"pku", "pcid", "invpcid", "fsrm"}));
  EXPECT_THAT(compare(known["Skylake-Server"], "Haswell-noTSX", known["Haswell-noTSX"]).missing,
              ::testing::IsSupersetOf({"avx512f", "clwb", "adx"}));
}

TEST(ProcessorReport, AGuestDoesNotMoveToAnotherMakersHostThatHasAllFeatures) {
  const ProcessorFeatures guest{"GenuineIntel", {"sse2", "avx"}};
  const model::HostTypeFit fit = compare(guest, "EPYC", {"AuthenticAMD", {"sse2", "avx", "avx2"}});
  EXPECT_FALSE(fit.fits);
  EXPECT_TRUE(fit.missing.empty());
  EXPECT_TRUE(compare(guest, "x86-64-v3", {"", {"sse2", "avx", "avx2"}}).fits) << "a level is of every maker";
}

TEST(ProcessorReport, WhatKvmOffersOnEveryHostIsNeverMissing) {
  const ProcessorFeatures guest{"GenuineIntel", {"sse2", "x2apic", "hypervisor", "tsc-deadline", "kvmclock", "vmx", "vmx-ept"}};
  EXPECT_TRUE(compare(guest, "Skylake-Server", {"GenuineIntel", {"sse2"}}).fits);
  EXPECT_THAT(compare(guest, "EPYC", {"AuthenticAMD", {"sse2"}}).missing, ::testing::ElementsAre("vmx", "vmx-ept"));
}

TEST(ProcessorReport, OnlyWhatIsSwitchedIsAsked) {
  const std::string value = "qemu64,svm=off,avx2=on,phys-bits=40,model-id=My on=off processor,hv-spinlocks=0x1fff";
  EXPECT_EQ(model_name(value), "qemu64");
  EXPECT_EQ(switched_properties(value), (object{{"svm", false}, {"avx2", true}}));
  EXPECT_EQ(model_name("host"), "host");
  EXPECT_TRUE(switched_properties("host").empty());
}

TEST(ProcessorReport, AnEmulatedProcessorIsToBeHadEverywhere) {
  loop::EventLoop loop;
  loop.run_until_done([&]() -> Awaitable<> {
    const auto report = co_await processor_report(*os::find_program("qemu-system-x86_64"), "tcg", "max,avx2=off");
    EXPECT_TRUE(report.emulated);
    EXPECT_THAT(report.features, ::testing::Contains("sse4.2"));
    EXPECT_THAT(report.features, ::testing::Not(::testing::Contains("avx2")));
    EXPECT_GT(report.hosts.size(), 40U);
    EXPECT_EQ(report.hosts.front().type, "x86-64-v2");
    EXPECT_TRUE(std::ranges::all_of(report.hosts, &model::HostTypeFit::fits));
  });
}

TEST(ProcessorReport, AFeatureThatQemuDoesNotKnowIsNamedInItsWords) {
  loop::EventLoop loop;
  try {
    loop.run_until_done(
        [&]() -> Awaitable<> { co_await processor_report(*os::find_program("qemu-system-x86_64"), "tcg", "max,nonsense=on"); });
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("nonsense"));
  }
}

TEST(ProcessorReport, NonsenseFromQemuIsAnErrorNotACrash) {
  const boost::json::value bad[] = {nullptr, object{}, object{{"model", 1}}, object{{"model", object{{"props", "x"}}}}};
  for (const boost::json::value& answer : bad) EXPECT_THROW(parse_expansion(answer), Error) << answer;
}

}  // namespace
}  // namespace visor::qemu
