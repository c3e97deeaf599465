#include "deploy/image_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "deploy/debian_builder.h"
#include "deploy/disk_layout.h"

namespace visor::deploy {
namespace {

using testing::Contains;
using testing::HasSubstr;

const DiskIdentity kIdentity{.root_uuid = "11111111-2222-4333-8444-555555555555", .esp_id = 0xABCD1234};

std::string content_of(const std::vector<GuestFile>& files, const std::string& path) {
  const auto found = std::find_if(files.begin(), files.end(), [&](const GuestFile& file) { return file.path == path; });
  return found == files.end() ? "(missing)" : found->content;
}

TEST(ImageRecipe, an_unknown_image_is_refused_with_the_list_of_known_ones) {
  EXPECT_EQ(find_recipe("debian/12", model::Arch::x86_64).codename, "bookworm");
  try {
    find_recipe("debian/99", model::Arch::x86_64);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "image.unknown_recipe");
    EXPECT_THAT(error.hint(), HasSubstr("debian/12"));
  }
  EXPECT_THROW(find_recipe("debian/12", model::Arch::aarch64), Error);
}

TEST(ImageRecipe, firmware_boot_loader_and_guest_mean_the_same_root_disk) {
  const auto files = guest_files(find_recipe("debian/12", model::Arch::x86_64), kIdentity);
  EXPECT_THAT(content_of(files, "etc/fstab"), HasSubstr("UUID=" + kIdentity.root_uuid + " / ext4"));
  EXPECT_THAT(content_of(files, "etc/fstab"), HasSubstr("UUID=ABCD-1234 /boot/efi"));
  EXPECT_THAT(content_of(files, "boot/grub/grub.cfg"), HasSubstr("root=UUID=" + kIdentity.root_uuid));
  EXPECT_THAT(esp_boot_configuration(kIdentity), HasSubstr(kIdentity.root_uuid));
  EXPECT_THAT(kernel_command_line(kIdentity), HasSubstr("console=ttyS0"));
}

TEST(ImageRecipe, a_guest_on_a_busy_host_does_not_give_up_on_its_timer_however_it_boots) {
  const auto files = guest_files(find_recipe("debian/12", model::Arch::x86_64), kIdentity);
  EXPECT_THAT(kernel_command_line(kIdentity), HasSubstr(" no_timer_check"));
  EXPECT_THAT(content_of(files, "boot/grub/grub.cfg"), HasSubstr(" no_timer_check"));
  EXPECT_THAT(content_of(files, "etc/default/grub.d/50-visor.cfg"), HasSubstr(" no_timer_check"));
}

TEST(ImageRecipe, the_guests_kernel_may_find_out_that_its_clock_runs_wrong) {
  EXPECT_THAT(kernel_command_line(kIdentity), testing::Not(HasSubstr("tsc=")));
}

TEST(ImageRecipe, clones_do_not_share_identities) {
  const auto files = guest_files(find_recipe("debian/12", model::Arch::x86_64), kIdentity);
  EXPECT_EQ(content_of(files, "etc/machine-id"), "");
  EXPECT_THAT(leftovers(), Contains("etc/ssh/ssh_host_*"));
}

TEST(ImageRecipe, cloud_init_of_the_guest_understands_its_configuration) {
  const auto files = guest_files(find_recipe("debian/12", model::Arch::x86_64), kIdentity);
  const auto config = json::parse(content_of(files, "etc/cloud/cloud.cfg.d/90_visor.cfg"));
  EXPECT_THAT(config.at("cloud_init_modules").as_array(), Contains(boost::json::value("users-groups")));
  EXPECT_THAT(config.at("cloud_init_modules").as_array(), Contains(boost::json::value("ssh")));
  EXPECT_EQ(content_of(files, "etc/cloud/cloud.cfg.d/91_datasource.cfg"), "datasource_list: [ NoCloud, None ]\n");
}

TEST(ImageRecipe, the_builders_mirror_and_proxy_do_not_stay_in_the_image) {
  EXPECT_THAT(leftovers(), Contains("etc/apt/apt.conf.d/99mmdebstrap"));
  EXPECT_THAT(leftovers(), Contains("etc/apt/sources.list.d/0000*"));
}

TEST(DiskLayout, the_root_file_system_is_last_so_that_it_can_grow) {
  const DiskLayout layout = make_disk_layout(3_GiB);
  EXPECT_EQ(layout.esp_start + layout.esp_size, layout.root_start);
  EXPECT_LE(layout.root_start + layout.root_size, layout.disk - Bytes{34 * 512});
  EXPECT_EQ(layout.root_start.count % 1_MiB .count, 0U);
  EXPECT_EQ(layout.root_size.count % 4096, 0U);
  EXPECT_THAT(partition_script(layout), HasSubstr("1: start=2048, size=131072"));
  EXPECT_THAT(partition_script(layout), HasSubstr("2: start=133120, size=6156288"));
}

TEST(DiskLayout, the_file_system_fills_its_partition_and_no_more) {
  const DiskLayout layout = make_disk_layout(3_GiB);
  const auto arguments = root_file_system_arguments(layout, kIdentity, "/build/tree", "/build/disk.raw");
  EXPECT_EQ(arguments.back(), std::to_string(layout.root_size.count / 4096));
  EXPECT_THAT(arguments, Contains("offset=68157440,lazy_itable_init=1,lazy_journal_init=1"));
}

TEST(Builder, announces_each_step_and_image) {
  EXPECT_EQ(build_steps().size(), 5U);
  ASSERT_EQ(buildable_images().size(), 1U);
  EXPECT_EQ(buildable_images().front().name, "debian/12");
}

}  // namespace
}  // namespace visor::deploy
