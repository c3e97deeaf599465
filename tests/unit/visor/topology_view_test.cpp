#include "visor/topology_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "visor/width.h"

namespace visor::cli {
namespace {

using model::CoreKind;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

/// Two fast cores with two threads, a module of two economical ones, one outside of the L3 cache; the last is switched off.
model::HostTopology laptop() {
  model::HostTopology topology;
  topology.model = "Hybrid\x1b[2J";
  topology.packages = {{0, {0, 1, 2, 3, 4, 5, 6}}};
  topology.nodes = {
      {.id = 0, .memory_total = 16_GiB, .memory_free = 4_GiB, .distances = {10}, .processors = {0, 1, 2, 3, 4, 5, 6}},
      {.id = 1, .memory_total = 8_GiB, .memory_free = 8_GiB}};
  topology.l3_groups = {{0, 18_MiB, {0, 1, 2, 3, 4, 5}}};
  topology.clusters = {{0, 2_MiB, {4, 5}}};
  topology.cores = {{.id = 0, .node = 0, .l3 = 0, .kind = CoreKind::performance, .processors = {0, 1}},
                    {.id = 1, .node = 0, .l3 = 0, .kind = CoreKind::performance, .processors = {2, 3}},
                    {.id = 2, .node = 0, .l3 = 0, .cluster = 0, .kind = CoreKind::efficiency, .processors = {4}},
                    {.id = 3, .node = 0, .l3 = 0, .cluster = 0, .kind = CoreKind::efficiency, .processors = {5}},
                    {.id = 4, .node = 0, .kind = CoreKind::lowPower, .processors = {6}}};
  for (std::uint32_t id = 0; id < 8; ++id) topology.processors.push_back({.id = id, .load_percent = 0});
  for (const model::HostCore& core : topology.cores) {
    for (const std::uint32_t id : core.processors) topology.processors[id].core = core.id;
  }
  topology.processors[1].load_percent = 100;
  topology.processors[3].load_percent.reset();
  topology.processors[4].load_percent = 50;
  topology.processors[7] = {.id = 7, .online = false};
  return topology;
}

std::vector<std::size_t> widths(std::string_view text) {
  std::vector<std::size_t> all;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    all.push_back(display_width(line));
    text.remove_prefix(line.size() + 1);
  }
  return all;
}

TEST(TopologyView, ShowsWhoSharesWhatAndHowBusyItIs) {
  EXPECT_EQ(topology_picture(laptop(), {}),
            "Hybrid\\x1b[2J\n"
            "1 package · 5 cores · 7 processors\n"
            "Package 0 · 25 % busy\n"
            "  Node 0 · 4 GiB of 16 GiB free · 25 % busy\n"
            "    L3 #0 18 MiB · 30 % busy\n"
            "       P[0 ▁   0%, 1 █ 100%]   P[2 ▁   0%, 3      ?]\n"
            "      Shared L2 2 MiB\n"
            "         E[4 ▅  50%]   E[5 ▁   0%]\n"
            "    No L3 cache\n"
            "      LP[6 ▁   0%]\n"
            "Node 1 · 8 GiB of 8 GiB free · memory only\n"
            "Switched off: 7\n"
            "P performance core, E efficiency core, LP low power core\n");
}

TEST(TopologyView, FitsTheTerminal) {
  model::HostTopology topology = laptop();
  const std::string legend = "P performance core, E efficiency core, LP low power core\n";
  for (const std::size_t width : {30U, 40U, 60U, 200U}) {
    std::string text = topology_picture(topology, {.width = width});
    ASSERT_TRUE(text.ends_with(legend));
    text.resize(text.size() - legend.size());
    EXPECT_THAT(widths(text.substr(0, text.find("Node 1"))), Each(Le(std::max<std::size_t>(width, 34)))) << text;
  }
  EXPECT_THAT(topology_picture(topology, {.width = 24}), HasSubstr("P[0 ▁   0%,\n         1 █ 100%]\n"));
  for (std::uint32_t id = 8; id < 256; ++id) {
    topology.processors.push_back({.id = id, .core = id - 3, .load_percent = 33});
    topology.cores.push_back({.id = id - 3, .node = 0, .l3 = 0, .processors = {id}});
  }
  EXPECT_THAT(widths(topology_picture(topology, {.width = 100})), Each(Le(100U)));
  EXPECT_THAT(topology_picture(topology, {.width = 100}), HasSubstr("255 ▃  33%]"));
}

TEST(TopologyView, TellsWhichMachineIsBoundToWhichProcessor) {
  model::HostTopology topology = laptop();
  topology.owners = {{"db", true, {.vcpus = {"0", "1"}, .emulator = "4", .exclusive = true}, {0, 1, 4}},
                     {"web", false, {.vcpus = {"", "4-5"}}, {4, 5}}};
  const std::string text = topology_picture(topology, {});
  EXPECT_THAT(text, HasSubstr("P[0 ▁   0% A  , 1 █ 100% A  ]   P[2 ▁   0%    , 3      ?    ]\n"));
  EXPECT_THAT(text, HasSubstr("E[4 ▅  50% A,B]   E[5 ▁   0% B  ]\n"));
  EXPECT_THAT(text, HasSubstr("\nA db: vCPU 0 on 0, vCPU 1 on 1, QEMU on 4, exclusive\n"
                              "B web: vCPU 1 on 4-5, not running\n"));
  EXPECT_THAT(render_csv(topology_table(topology)), HasSubstr("4,yes,0,0,0,0,2,efficiency,,50.0,db web\r\n"));
}

TEST(TopologyView, ACrowdOfOwnersDoesNotPushTheOthersOffTheTerminal) {
  model::HostTopology topology = laptop();
  for (int i = 0; i < 30; ++i) topology.owners.push_back({"m" + std::to_string(i), true, {.vcpus = {"0"}}, {0}});
  const std::string text = topology_picture(topology, {.width = 60});
  EXPECT_THAT(text, HasSubstr("P[0 ▁   0% A,B,C+27,"));
  EXPECT_THAT(text, HasSubstr("\nZ m25: vCPU 0 on 0\nAA m26: vCPU 0 on 0\n"));
}

TEST(TopologyView, LevelsThatTheHostDoesNotHaveAreLeftOut) {
  model::HostTopology topology;
  topology.packages = {{0, {0}}};
  topology.cores = {{.id = 0, .processors = {0}}};
  topology.processors = {{.id = 0, .core = 0, .load_percent = 12.4}};
  EXPECT_EQ(topology_picture(topology, {}), "1 package · 1 core · 1 processor\nPackage 0 · 12 % busy\n  [0 ▁  12%]\n");
  EXPECT_EQ(topology_picture({}, {}), "0 packages · 0 cores · 0 processors\n");
}

TEST(TopologyView, BusyThreadsStandOutInColour) {
  const std::string text = topology_picture(laptop(), {.width = 80, .color = true});
  EXPECT_THAT(text, HasSubstr("\x1b[31m█ 100%\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[33m▅  50%\x1b[0m"));
}

TEST(TopologyView, AnswersThatDoNotFitThemselvesAreDrawnAllTheSame) {
  model::HostTopology topology = laptop();
  topology.packages.clear();
  topology.l3_groups.clear();
  topology.clusters.clear();
  topology.processors.resize(2);
  EXPECT_THAT(topology_picture(topology, {}), HasSubstr("LP[6      ?]"));
  EXPECT_EQ(topology_table(topology).rows.size(), 2U);
}

TEST(TopologyView, SpreadsheetHasARowPerProcessor) {
  const std::string csv = render_csv(topology_table(laptop()));
  EXPECT_THAT(csv, HasSubstr("processor,online,package,node,l3,cluster,core,kind,maxmhz,load,owners\r\n"));
  EXPECT_THAT(csv, HasSubstr("4,yes,0,0,0,0,2,efficiency,,50.0,\r\n"));
  EXPECT_THAT(csv, HasSubstr("7,no,,,,,,,,,\r\n"));
}

}  // namespace
}  // namespace visor::cli
