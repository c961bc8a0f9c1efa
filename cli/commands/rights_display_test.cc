#include "cli/commands/rights_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kasbah::cli {
namespace {

using tenantdata::v1::RightsOperation;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

RightsOperation Operation(RightsOperation::Kind kind, RightsOperation::State state) {
  RightsOperation operation;
  operation.set_kind(kind);
  operation.set_state(state);
  operation.set_done(state != RightsOperation::STATE_RUNNING);
  auto* auth = operation.add_services();
  auth->set_service("auth");
  auth->set_state(RightsOperation::STATE_RUNNING);
  auto* vault = operation.add_services();
  vault->set_service("vault");
  return operation;
}

TEST(RightsDisplay, ACancelledOperationSaysWhatIsLeftOfIt) {
  const std::string stopped = DescribeRights(
      Operation(RightsOperation::KIND_TENANT_EXPORT, RightsOperation::STATE_CANCELLED));
  EXPECT_THAT(stopped, ContainsRegex("state +cancelled\n"));
  EXPECT_THAT(stopped, ContainsRegex("archive +none any more\n"));
  EXPECT_THAT(stopped, ContainsRegex("auth +stopped"));
  EXPECT_THAT(stopped, ContainsRegex("vault +not asked"));
  EXPECT_THAT(DescribeRights(Operation(RightsOperation::KIND_SUBJECT_ERASURE,
                                       RightsOperation::STATE_CANCELLED)),
              ContainsRegex("erased +nothing"));
}

TEST(RightsDisplay, AnExportThatIsDoneSaysWhetherItsArchiveIsThere) {
  RightsOperation done =
      Operation(RightsOperation::KIND_SUBJECT_EXPORT, RightsOperation::STATE_DONE);
  EXPECT_THAT(DescribeRights(done), ContainsRegex("archive +none any more\n"));
  done.mutable_archive()->set_size(512);
  done.mutable_archive()->set_members(3);
  EXPECT_THAT(DescribeRights(done), ContainsRegex("archive +512 bytes in 3 members\n"));
}

TEST(RightsDisplay, OneThatRunsSaysWhoIsAskedAndWhoWaits) {
  const std::string running = DescribeRights(
      Operation(RightsOperation::KIND_TENANT_EXPORT, RightsOperation::STATE_RUNNING));
  EXPECT_THAT(running, Not(HasSubstr("archive")));
  EXPECT_THAT(running, ContainsRegex("auth +running"));
  EXPECT_THAT(running, ContainsRegex("vault +waits"));
}

}  // namespace
}  // namespace kasbah::cli
