#include "services/auth/domain/workload.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;

TEST(Workload, IsNamedByIdOrName) {
  ASSERT_OK_AND_ASSIGN(const WorkloadRef by_name, WorkloadRef::Parse("importer"));
  EXPECT_EQ(by_name.name, "importer");
  EXPECT_EQ(by_name.id, std::nullopt);
  const WorkloadId id = WorkloadId::New(absl::Now());
  ASSERT_OK_AND_ASSIGN(const WorkloadRef by_id, WorkloadRef::Parse(id.ToString()));
  EXPECT_EQ(by_id.id, id);
  EXPECT_EQ(by_id.name, std::nullopt);
  EXPECT_THAT(WorkloadRef::Parse("wkl_importer"), ReasonIs("INVALID_FIELDS"));
}

TEST(Workload, AnEtagIsOfOneRevision) {
  Workload workload;
  EXPECT_OK(CheckEtag(workload, ""));
  EXPECT_OK(CheckEtag(workload, EtagOf(workload)));
  const std::string before = EtagOf(workload);
  workload.revision = 2;
  EXPECT_THAT(CheckEtag(workload, before), ReasonIs("ETAG_MISMATCH"));
}

TEST(Workload, AServiceAccountIsNamedOnce) {
  const ServiceAccount a{"https://c", "prod", "web"};
  EXPECT_OK(CheckServiceAccounts({}));
  EXPECT_OK(CheckServiceAccounts({a, {"https://c", "stage", "web"}, {"https://d", "prod", "web"}}));
  EXPECT_THAT(CheckServiceAccounts({a, {"https://c", "prod", "job"}, a}),
              ReasonIs("INVALID_FIELDS"));
}

TEST(Workload, ItsNameIsTheEndOfItsPath) {
  EXPECT_EQ(WorkloadNameIn("tenant/ten_01h455vb4pex5vsknk084sn02q/workload/importer"), "importer");
}

}  // namespace
}  // namespace kasbah::auth
