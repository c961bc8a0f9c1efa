#include "cli/import/importer.h"

#include <gtest/gtest.h>

#include <set>

#include "libs/base/error.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::BatchCreateRecordsRequest;
using tenantdata::v1::BatchCreateRecordsResponse;

ImportFile FileOf(size_t entries) {
  ImportFile file;
  file.unit = "entry";
  for (size_t i = 1; i <= entries; ++i) {
    ImportEntry entry;
    entry.number = i;
    (*entry.values.mutable_fields())["n"].set_number_value(static_cast<double>(i));
    file.entries.push_back(entry);
  }
  return file;
}

// Refuses every value that is divisible by 100.
BatchCreateRecordsResponse Answer(const BatchCreateRecordsRequest& request) {
  BatchCreateRecordsResponse reply;
  for (const auto& values : request.values()) {
    auto* item = reply.add_items();
    if (static_cast<int>(values.fields().at("n").number_value()) % 100 == 0) {
      auto* violation = item->add_violations();
      violation->set_field("values.n");
      violation->set_rule("MAX");
    } else {
      item->set_record_id("rec_x");
    }
  }
  return reply;
}

TEST(Import, BatchesCoverEveryEntryOnceAndRefusalsKeepTheirNumbers) {
  std::vector<int> sizes;
  ImportOptions options;
  options.collection = "numbers";
  const auto report = Import(
      FileOf(450), options,
      [&](const BatchCreateRecordsRequest& request) -> absl::StatusOr<BatchCreateRecordsResponse> {
        sizes.push_back(request.values_size());
        return Answer(request);
      });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(sizes, (std::vector<int>{200, 200, 50}));
  EXPECT_EQ(report->created, 446u);
  ASSERT_EQ(report->refused.size(), 4u);
  EXPECT_EQ(report->refused[3].number, 400u);
  EXPECT_EQ(report->refused[3].violations[0].field(), "values.n");
}

TEST(Import, EachEntryGoesWithItsSubject) {
  ImportFile file = FileOf(3);
  file.entries[1].subject = "person-7";
  std::vector<std::string> subjects;
  const auto report = Import(
      file, {},
      [&](const BatchCreateRecordsRequest& request) -> absl::StatusOr<BatchCreateRecordsResponse> {
        subjects.assign(request.subject_ids().begin(), request.subject_ids().end());
        return Answer(request);
      });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(subjects, (std::vector<std::string>{"", "person-7", ""}));
}

TEST(Import, ACallThatMayHaveArrivedIsRepeatedWithItsRequestId) {
  std::set<std::string> ids;
  int calls = 0;
  ImportOptions options;
  const auto report = Import(
      FileOf(3), options,
      [&](const BatchCreateRecordsRequest& request) -> absl::StatusOr<BatchCreateRecordsResponse> {
        ids.insert(request.request_id());
        if (++calls < 3) {
          return Error(absl::StatusCode::kUnavailable, "PEER_UNAVAILABLE", "away");
        }
        return Answer(request);
      });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_FALSE(ids.contains(""));
}

TEST(Import, ARefusalOfTheWholeCallIsNotRepeated) {
  int calls = 0;
  const auto report = Import(FileOf(3), {}, [&](const BatchCreateRecordsRequest&) {
    ++calls;
    return absl::StatusOr<BatchCreateRecordsResponse>(NotFound("collection"));
  });
  EXPECT_EQ(report.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(calls, 1);
}

TEST(Import, BrokenEntriesAreReportedAndNotSent) {
  ImportFile file = FileOf(2);
  file.entries[0].fault = "not JSON (byte 3)";
  int sent = 0;
  const auto report = Import(
      file, {},
      [&](const BatchCreateRecordsRequest& request) -> absl::StatusOr<BatchCreateRecordsResponse> {
        sent += request.values_size();
        return Answer(request);
      });
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(sent, 1);
  ASSERT_EQ(report->refused.size(), 1u);
  EXPECT_EQ(report->refused[0].number, 1u);
}

}  // namespace
}  // namespace kasbah::cli
