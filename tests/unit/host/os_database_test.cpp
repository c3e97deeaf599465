#include "host/os_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "host/recorded_host.h"

namespace visor::host {
namespace {

using model::GuestDriver;
using ::testing::ElementsAre;

/// One file of the database in the manifest's form: a line each, below /usr/share/osinfo/os.
std::string xml_file(const std::string& name, const std::string& content) {
  return "usr/share/osinfo/os/" + name + " = <libosinfo>" + content + "</libosinfo>\n";
}

const model::OperatingSystem& system_of(const std::vector<model::OperatingSystem>& systems, const std::string& id) {
  const auto found = std::find_if(systems.begin(), systems.end(), [&](const auto& system) { return system.id == id; });
  if (found == systems.end()) throw std::runtime_error("no " + id);
  return *found;
}

TEST(OsDatabase, ASystemHasTheDriversOfThoseItDerivesFromButForThoseItLost) {
  const RecordedHost host(
      xml_file("example.org/x-1.xml",
               "<os id='http://example.org/x/1'><short-id>x1</short-id><name>X 1</name><name xml:lang='de'>Iks</name>"
               "<family>linux</family><devices><device id='http://pcisig.com/pci/1af4/1001'/>"
               "<device id='http://pcisig.com/pci/8086/10d3'/></devices></os>") +
      xml_file("example.org/x-2.xml",
               "<os id='http://example.org/x/2'><short-id>x2</short-id><name>X 2</name><family>linux</family>"
               "<derives-from id='http://example.org/x/1'/>"
               "<devices><device id='http://pcisig.com/pci/1af4/1001' supported='false'/></devices></os>") +
      xml_file("example.org/x-2.d/more.xml",
               "<os id='http://example.org/x/2'><devices><device id='http://usb.org/usb/80ee/0021'/></devices></os>"));
  const auto systems = OsDatabase(host.root()).read();
  EXPECT_THAT(system_of(systems, "x1").drivers, ElementsAre(GuestDriver::virtio_disk, GuestDriver::e1000e));
  EXPECT_EQ(system_of(systems, "x1").name, "X 1");
  EXPECT_THAT(system_of(systems, "x2").drivers, ElementsAre(GuestDriver::e1000e, GuestDriver::usb_tablet));
}

TEST(OsDatabase, NeedsAndFirmwareAreThoseOfTheFile) {
  const RecordedHost host(
      xml_file("w.xml",
               "<os id='w'><short-id>w11</short-id><name>W 11</name><family>winnt</family><version>11.0</version>"
               "<release-date>2021-10-05</release-date><firmware arch='x86_64' type='efi'/>"
               "<firmware arch='x86_64' type='bios' supported='false'/>"
               "<resources arch='x86_64'><minimum><n-cpus>2</n-cpus><ram>4294967296</ram></minimum>"
               "<recommended><storage>68719476736</storage></recommended></resources></os>"));
  const model::OperatingSystem system = system_of(OsDatabase(host.root()).read(), "w11");
  EXPECT_EQ(system.family, model::OsFamily::windows);
  EXPECT_TRUE(system.uefi);
  EXPECT_FALSE(system.bios);
  EXPECT_EQ(system.minimum.cpus, 2U);
  EXPECT_EQ(system.minimum.memory, 4_GiB);
  EXPECT_EQ(system.recommended.disk, 64_GiB);
  EXPECT_EQ(system.released, "2021-10-05");
}

TEST(OsDatabase, ABrokenFileAndALoopCostNothingButThemselves) {
  const RecordedHost host("usr/share/osinfo/os/broken.xml = <libosinfo><os id='b'>\n" +
                          xml_file("a.xml", "<os id='a'><short-id>a</short-id><name>A</name><derives-from id='b'/></os>") +
                          xml_file("b.xml", "<os id='b'><short-id>b</short-id><name>B</name><derives-from id='a'/></os>") +
                          xml_file("nameless.xml", "<os id='n'><short-id>n</short-id></os>"));
  const auto systems = OsDatabase(host.root()).read();
  ASSERT_EQ(systems.size(), 2U);
  EXPECT_EQ(systems[0].id, "a");
}

TEST(OsDatabase, AHostWithoutItKnowsNone) { EXPECT_TRUE(OsDatabase("/nonexistent").read().empty()); }

TEST(OsDatabase, ANewerSystemOfAKnownSeriesIsAnsweredByTheNewestThatIsNotNewer) {
  const std::vector<model::OperatingSystem> systems{
      {.id = "debian9"}, {.id = "debian11"}, {.id = "debian13"}, {.id = "ubuntu22.04"}};
  EXPECT_EQ(find_system(systems, "debian11")->id, "debian11");
  EXPECT_EQ(find_system(systems, "debian12")->id, "debian11");
  EXPECT_EQ(find_system(systems, "ubuntu24.04")->id, "ubuntu22.04");
  EXPECT_FALSE(find_system(systems, "debian8"));
  EXPECT_FALSE(find_system(systems, "debia"));
  EXPECT_FALSE(find_system(systems, ""));
}

TEST(OsDatabase, TheDatabaseOfThisHostIsReadWhole) {
  const auto systems = OsDatabase().read();
  if (systems.empty()) GTEST_SKIP() << "osinfo-db is not installed";
  EXPECT_GT(systems.size(), 500U);
  EXPECT_EQ(system_of(systems, "win11").minimum.memory, 4_GiB);
  EXPECT_THAT(system_of(systems, "debian11").drivers, ::testing::Contains(GuestDriver::virtio_disk));
  EXPECT_THAT(system_of(systems, "winxp").drivers, ::testing::Not(::testing::Contains(GuestDriver::virtio_disk)));
}

}  // namespace
}  // namespace visor::host
