#include "libs/crypto/secret_file.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "libs/testing/status_matchers.h"

namespace kasbah::crypto {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr uid_t kUser = 65532;
constexpr uid_t kStranger = 65531;

// A pod's process: not root, and with groups of its own.
class AsUser {
 public:
  explicit AsUser(const std::vector<gid_t>& groups = {}) {
    EXPECT_EQ(setgroups(groups.size(), groups.data()), 0);
    EXPECT_EQ(setegid(kUser), 0);
    EXPECT_EQ(seteuid(kUser), 0);
  }
  ~AsUser() {
    EXPECT_EQ(seteuid(0), 0);
    EXPECT_EQ(setegid(0), 0);
    EXPECT_EQ(setgroups(0, nullptr), 0);
  }
};

class SecretFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = ::testing::TempDir() + "/secret.XXXXXX";
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    directory_ = fs::canonical(made);
    ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path Make(const fs::path& name, mode_t mode, const std::string& text = "secret") {
    const fs::path path = directory_ / name;
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  fs::path MakeDirectory(const fs::path& name, mode_t mode) {
    fs::create_directory(directory_ / name);
    EXPECT_EQ(chmod((directory_ / name).c_str(), mode), 0);
    return directory_ / name;
  }
  fs::path Link(const fs::path& name, const fs::path& target) {
    fs::create_symlink(target, directory_ / name);
    return directory_ / name;
  }
  static std::string Read(const fs::path& path) {
    const absl::StatusOr<SecretBytes> bytes = ReadSecretFile(path);
    return bytes.ok() ? std::string(bytes->view(SecretAccess::ForTest()))
                      : std::string(bytes.status().message());
  }

  fs::path directory_;
};

TEST_F(SecretFileTest, AFileOfOursAloneIsRead) {
  EXPECT_EQ(Read(Make("file", 0600)), "secret");
  EXPECT_EQ(Read(Make("read-only", 0400)), "secret");
  // Others may write where it lies: a file of ours they cannot make.
  MakeDirectory("shared", 0777);
  EXPECT_EQ(Read(Make("shared/file", 0600)), "secret");
}

TEST_F(SecretFileTest, ModesThatOthersCouldUseAreRefused) {
  for (const mode_t mode : {0640u, 0620u, 0604u, 0602u, 0601u, 0700u, 04600u, 02600u}) {
    EXPECT_THAT(Read(Make("file", mode)), HasSubstr("must have mode 0600")) << std::oct << mode;
  }
}

TEST_F(SecretFileTest, WhatIsNoFileIsRefused) {
  EXPECT_THAT(Read(directory_ / "nothing"), HasSubstr("No such file"));
  EXPECT_THAT(Read(directory_), HasSubstr("not a regular file"));
  ASSERT_EQ(mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(Read(directory_ / "pipe"), HasSubstr("not a regular file"));
  EXPECT_THAT(Read(Make("large", 0600, std::string(4097, 'x'))), HasSubstr("larger than 4 KiB"));
  EXPECT_THAT(Read(Make("file", 0600) / "below"), HasSubstr("Not a directory"));
  Link("dangling", "nothing");
  EXPECT_THAT(Read(directory_ / "dangling"), HasSubstr("No such file"));
  Link("one", "two");
  EXPECT_THAT(Read(Link("two", "one")), HasSubstr("Too many levels"));
}

TEST_F(SecretFileTest, LinksThatOthersCannotMakeAreFollowed) {
  MakeDirectory("versions", 0755);
  Make("versions/file", 0600);
  EXPECT_EQ(Read(Link("absolute", directory_ / "versions/file")), "secret");
  Link("current", "versions");
  EXPECT_EQ(Read(Link("relative", "current/../versions/./file")), "secret");
  EXPECT_EQ(Read(directory_ / "current/file"), "secret");
}

TEST_F(SecretFileTest, ALinkWhereOthersCouldPutAnotherIsRefused) {
  const fs::path file = Make("file", 0600);
  MakeDirectory("shared", 0755);
  const fs::path link = Link("shared/link", file);
  EXPECT_EQ(Read(link), "secret");
  for (const mode_t mode : {0775u, 0757u, 0777u}) {
    MakeDirectory("shared", mode);
    EXPECT_THAT(Read(link), HasSubstr("shared can be written to by others")) << std::oct << mode;
  }
  // As in /tmp: names of ours stay ours.
  MakeDirectory("shared", 01777);
  EXPECT_EQ(Read(link), "secret");
}

TEST_F(SecretFileTest, NorMayOthersChangeWhereALinkLeads) {
  MakeDirectory("shared", 0777);
  Make("shared/file", 0600);
  EXPECT_THAT(Read(Link("link", "shared/file")), HasSubstr("can be written to by others"));
}

// What only root can lay out: others' files, and what the kubelet mounts.
class MountedSecretTest : public SecretFileTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "skipped: only root can give files away";
    SecretFileTest::SetUp();
    Mount("..first", "first");
  }

  // One more version, as the kubelet's atomic writer makes it, and the switch to it.
  void Mount(const std::string& version, const std::string& text) {
    MakeDirectory("volume", 03777);
    MakeDirectory("volume/" + version, 02755);
    Own(Make("volume/" + version + "/seal", 0440, text), 0, kUser);
    fs::remove(directory_ / "volume/..data");
    Link("volume/..data", version);
    fs::remove(directory_ / "volume/seal");
    Link("volume/seal", "..data/seal");
  }
  static void Own(const fs::path& path, uid_t user, gid_t group) {
    EXPECT_EQ(lchown(path.c_str(), user, group), 0);
  }
  std::string ReadAsUser(const fs::path& path, const std::vector<gid_t>& groups = {}) {
    const AsUser user(groups);
    return Read(path);
  }

  const fs::path file_ = "volume/..first/seal";
};

TEST_F(MountedSecretTest, WhatTheKubeletMountsIsReadAndFollowed) {
  EXPECT_EQ(ReadAsUser(directory_ / "volume/seal"), "first");
  Mount("..second", "second");
  EXPECT_EQ(ReadAsUser(directory_ / "volume/seal"), "second");
}

TEST_F(MountedSecretTest, AGroupThatIsNotOursIsRefusedThoughWeAreInIt) {
  Own(directory_ / file_, 0, kStranger);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal", {kStranger}),
              HasSubstr("a group that this process does not run as"));
}

TEST_F(MountedSecretTest, WhatOthersMayReadIsRefused) {
  chmod((directory_ / file_).c_str(), 0444);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"), HasSubstr("must have mode 0600, or 0440"));
  // And what its group may write to.
  chmod((directory_ / file_).c_str(), 0460);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"), HasSubstr("must have mode 0600, or 0440"));
}

TEST_F(MountedSecretTest, AnotherUsersFileIsRefused) {
  Own(directory_ / file_, kStranger, kUser);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"),
              HasSubstr("must be owned by the user of this process, or by root"));
}

TEST_F(MountedSecretTest, AFileOfOursIsForNoGroup) {
  Own(directory_ / file_, kUser, kUser);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"), HasSubstr("must have mode 0600"));
}

TEST_F(MountedSecretTest, RootNeedsNoGroup) {
  Own(directory_ / file_, 0, 0);
  EXPECT_THAT(Read(directory_ / "volume/seal"), HasSubstr("must have mode 0600"));
}

TEST_F(MountedSecretTest, AnotherUsersLinkIsRefusedInAStickyDirectoryToo) {
  Own(directory_ / "volume/..data", kStranger, kStranger);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"),
              HasSubstr("volume/..data belongs to another user"));
}

TEST_F(MountedSecretTest, ALinkThroughAnotherUsersDirectoryIsRefused) {
  Own(directory_ / "volume/..first", kStranger, kStranger);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"),
              HasSubstr("volume/..first belongs to another user"));
  Own(directory_ / "volume/..first", 0, 0);
  Own(directory_ / "volume", kStranger, kStranger);
  EXPECT_THAT(ReadAsUser(directory_ / "volume/seal"), HasSubstr("volume belongs to another user"));
}

}  // namespace
}  // namespace kasbah::crypto
