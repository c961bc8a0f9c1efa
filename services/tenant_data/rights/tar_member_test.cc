#include "services/tenant_data/rights/tar_member.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <map>

#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

// What another reader makes of an archive.
std::map<std::string, std::string> Read(const std::string& tar) {
  std::map<std::string, std::string> members;
  struct archive* const archive = archive_read_new();
  archive_read_support_format_tar(archive);
  EXPECT_EQ(archive_read_open_memory(archive, tar.data(), tar.size()), ARCHIVE_OK);
  struct archive_entry* entry = nullptr;
  while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
    std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
    EXPECT_EQ(archive_read_data(archive, content.data(), content.size()),
              static_cast<la_ssize_t>(content.size()));
    members[archive_entry_pathname(entry)] = content;
  }
  archive_read_free(archive);
  return members;
}

std::string Member(const std::string& name, const std::string& content) {
  std::string bytes;
  const auto member =
      TarMember::Begin(name, static_cast<int64_t>(content.size()),
                       absl::FromUnixSeconds(1'790'000'000), [&](std::string_view piece) {
                         bytes += piece;
                         return absl::OkStatus();
                       });
  EXPECT_OK(member);
  // In two, as what is streamed comes.
  EXPECT_OK((*member)->Append(content.substr(0, content.size() / 2)));
  EXPECT_OK((*member)->Append(content.substr(content.size() / 2)));
  EXPECT_OK((*member)->Finish());
  return bytes;
}

TEST(TarMember, MembersOneAfterTheOtherAreAnArchive) {
  const std::map<std::string, std::string> wanted = {
      {"auth/memberships-00001.jsonl", "{}\n"},
      {"files/empty", ""},
      {"files/block", std::string(512, 'b')},
      {"files/large", std::string(1'000'003, 'l')},
  };
  std::string tar;
  for (const auto& [name, content] : wanted) {
    const std::string member = Member(name, content);
    EXPECT_EQ(static_cast<int64_t>(member.size()),
              TarMember::SizeOf(static_cast<int64_t>(content.size())));
    tar += member;
  }
  EXPECT_EQ(Read(tar + TarEnd()), wanted);
}

TEST(TarMember, ContentIsAsLongAsAnnounced) {
  const auto ignore = [](std::string_view) { return absl::OkStatus(); };
  ASSERT_OK_AND_ASSIGN(const auto shorter, TarMember::Begin("a", 3, absl::Now(), ignore));
  EXPECT_OK(shorter->Append("ab"));
  EXPECT_EQ(shorter->Finish().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK_AND_ASSIGN(const auto longer, TarMember::Begin("a", 3, absl::Now(), ignore));
  EXPECT_EQ(longer->Append("abcd").code(), absl::StatusCode::kFailedPrecondition);
}

TEST(TarMember, WhatTheSinkSaysIsTheError) {
  const auto refuse = [](std::string_view) { return absl::UnavailableError("full"); };
  EXPECT_EQ(TarMember::Begin("a", 3, absl::Now(), refuse).status(), absl::UnavailableError("full"));
}

TEST(TarMember, ANameThatDoesNotFitIsRefused) {
  const auto ignore = [](std::string_view) { return absl::OkStatus(); };
  EXPECT_FALSE(TarMember::Begin(std::string(156, 'n'), 0, absl::Now(), ignore).ok());
}

}  // namespace
}  // namespace kasbah::tenantdata
