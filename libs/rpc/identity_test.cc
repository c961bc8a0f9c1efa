#include "libs/rpc/identity.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::rpc {
namespace {

const TenantId kTenant(*Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057"));

TEST(SpiffeId, TheThreeFormsParseAndComeBack) {
  for (const std::string& path : {std::string("service/tenant-data"), std::string("operator/ada"),
                                  "tenant/" + kTenant.ToString() + "/workload/importer"}) {
    ASSERT_OK_AND_ASSIGN(const SpiffeId id, SpiffeId::Parse("spiffe://kasbah.dev/" + path));
    EXPECT_EQ(id.domain, "kasbah.dev");
    EXPECT_EQ(id.path, path);
    EXPECT_EQ(id.ToString(), "spiffe://kasbah.dev/" + path);
  }
}

TEST(SpiffeId, ATenantsWorkloadNamesItsTenant) {
  const auto id =
      SpiffeId::Parse("spiffe://kasbah.dev/tenant/" + kTenant.ToString() + "/workload/importer");
  ASSERT_OK(id);
  EXPECT_EQ(id->tenant(), kTenant);
  EXPECT_TRUE(id->is_tenant_workload());
  EXPECT_TRUE(SpiffeId::Parse("spiffe://kasbah.dev/service/vault")->tenant().is_nil());
}

TEST(SpiffeId, AnythingElseIsRefused) {
  for (const std::string& uri :
       {std::string(""),
        std::string("spiffe://kasbah.dev"),
        std::string("spiffe://kasbah.dev/"),
        std::string("https://kasbah.dev/service/vault"),
        std::string("spiffe:///service/vault"),
        std::string("spiffe://Kasbah.dev/service/vault"),
        std::string("spiffe://kasbah.dev/service/"),
        std::string("spiffe://kasbah.dev/service"),
        std::string("spiffe://kasbah.dev/service/vault/"),
        std::string("spiffe://kasbah.dev//service/vault"),
        std::string("spiffe://kasbah.dev/service/.."),
        std::string("spiffe://kasbah.dev/service/va ult"),
        std::string("spiffe://kasbah.dev/service/vault?x"),
        std::string("spiffe://kasbah.dev:443/service/vault"),
        std::string("spiffe://kasbah.dev/robot/vault"),
        std::string("spiffe://kasbah.dev/tenant/ten_x/workload/importer"),
        "spiffe://kasbah.dev/tenant/" + kSystemTenant.ToString() + "/workload/importer",
        "spiffe://kasbah.dev/tenant/" + TenantId().ToString() + "/workload/importer",
        "spiffe://kasbah.dev/tenant/" + kTenant.ToString() + "/importer",
        "spiffe://kasbah.dev/service/" + std::string(3000, 'a'),
        std::string("spiffe://kasbah.dev/service/va\0ult", 34)}) {
    EXPECT_THAT(SpiffeId::Parse(uri), testing::StatusIs(absl::StatusCode::kInvalidArgument)) << uri;
  }
}

TEST(PeerMatches, PatternsNameExactlyWhatTheySay) {
  EXPECT_TRUE(PeerMatches("service/auth", "service/auth"));
  EXPECT_FALSE(PeerMatches("service/auth", "service/authority"));
  EXPECT_FALSE(PeerMatches("service/auth", "service/vault"));
  EXPECT_TRUE(PeerMatches("service/*", "service/vault"));
  EXPECT_FALSE(PeerMatches("service/*", "service/"));
  EXPECT_FALSE(PeerMatches("service/*", "operator/service"));
  EXPECT_TRUE(PeerMatches("tenant/*", "tenant/ten_x/workload/importer"));
  EXPECT_FALSE(PeerMatches("", "service/auth"));
}

}  // namespace
}  // namespace kasbah::rpc
