#include "libs/rpc/tls_expiry.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "libs/rpc/rpc_fixture.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::rpc {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::Lt;

class TlsExpiryTest : public RpcTest {
 protected:
  // Days that are left, as a scrape would tell.
  static double DaysLeft(const std::string& certificate) {
    const std::string metrics = telemetry::RenderMetrics();
    const std::string series =
        "\nkasbah_tls_not_after_seconds{certificate=\"" + certificate + "\"} ";
    const size_t at = metrics.find(series);
    if (at == std::string::npos) return -1;
    const double end = std::stod(metrics.substr(at + series.size()));
    return (end - static_cast<double>(absl::ToUnixSeconds(absl::Now()))) / 86400;
  }
  absl::Status Issue(int days, const std::string& directory) {
    return authority_->Issue({.uris = {kVault}, .validity = absl::Hours(24 * days)}, directory);
  }
};

TEST_F(TlsExpiryTest, TellsWhatAServerServesWithAndFollowsItsReplacement) {
  ASSERT_OK(Issue(10, ServerDirectory()));
  StartServer();
  EXPECT_THAT(DaysLeft("own"), AllOf(Gt(9), Lt(11)));
  EXPECT_THAT(DaysLeft("authority"), AllOf(Gt(3600), Lt(3700)));
  ASSERT_OK(Issue(40, ServerDirectory()));
  EXPECT_THAT(DaysLeft("own"), AllOf(Gt(39), Lt(41)));
}

TEST_F(TlsExpiryTest, OfSeveralTheFirstToEndCounts) {
  ASSERT_OK(Issue(40, ServerDirectory()));
  ASSERT_OK(Issue(2, directory_ + "/short"));
  MeasureExpiry({ServerDirectory()});
  ASSERT_THAT(DaysLeft("authority"), Gt(3600));
  std::ofstream(ServerDirectory() + "/ca.crt", std::ios::app)
      << std::ifstream(directory_ + "/short/tls.crt").rdbuf();
  EXPECT_THAT(DaysLeft("authority"), AllOf(Gt(1), Lt(3)));
}

TEST_F(TlsExpiryTest, FilesThatCannotBeUsedChangeNothing) {
  ASSERT_OK(Issue(10, ServerDirectory()));
  MeasureExpiry({ServerDirectory()});
  ASSERT_THAT(DaysLeft("own"), AllOf(Gt(9), Lt(11)));
  // Of another key: half a replacement.
  ASSERT_OK(Issue(40, directory_ + "/other"));
  std::filesystem::copy(directory_ + "/other/tls.crt", ServerDirectory() + "/tls.crt",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(DaysLeft("own"), AllOf(Gt(9), Lt(11)));
  std::filesystem::remove(ServerDirectory() + "/tls.crt");
  std::ofstream(ServerDirectory() + "/ca.crt") << "no certificate";
  EXPECT_THAT(DaysLeft("own"), AllOf(Gt(9), Lt(11)));
  EXPECT_THAT(DaysLeft("authority"), Gt(3600));
}

}  // namespace
}  // namespace kasbah::rpc
