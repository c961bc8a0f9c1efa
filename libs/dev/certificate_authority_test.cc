#include "libs/dev/certificate_authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "libs/testing/status_matchers.h"

namespace kasbah::dev {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class CertificateAuthorityTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(directory_.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_ = ::testing::TempDir() + "/ca with space.XXXXXX";
};

TEST_F(CertificateAuthorityTest, OpeningAgainKeepsTheSameAuthority) {
  ASSERT_OK(CertificateAuthority::Open(directory_));
  const std::string first = Read(directory_ + "/ca.crt");
  ASSERT_OK(CertificateAuthority::Open(directory_));
  EXPECT_EQ(Read(directory_ + "/ca.crt"), first);
}

TEST_F(CertificateAuthorityTest, IssuingAgainReplacesKeyAndCertificateTogether) {
  ASSERT_OK_AND_ASSIGN(const auto authority, CertificateAuthority::Open(directory_));
  const std::string leaf = directory_ + "/leaf";
  ASSERT_OK(authority.Issue({.uris = {"spiffe://kasbah.dev/service/vault"}}, leaf));
  const std::string key = Read(leaf + "/tls.key");
  const auto link = std::filesystem::read_symlink(leaf + "/..data");
  ASSERT_OK(authority.Issue({.uris = {"spiffe://kasbah.dev/service/vault"}}, leaf));
  EXPECT_NE(Read(leaf + "/tls.key"), key);
  EXPECT_NE(std::filesystem::read_symlink(leaf + "/..data"), link);
  EXPECT_FALSE(std::filesystem::exists(leaf / link)) << "the old key stays behind";
  EXPECT_EQ(Read(leaf + "/ca.crt"), Read(directory_ + "/ca.crt"));
}

TEST_F(CertificateAuthorityTest, KeysAreForTheirOwnerAlone) {
  ASSERT_OK_AND_ASSIGN(const auto authority, CertificateAuthority::Open(directory_));
  ASSERT_OK(authority.Issue({.uris = {"spiffe://kasbah.dev/service/vault"}}, directory_ + "/leaf"));
  for (const std::string& path : {directory_ + "/ca.key", directory_ + "/leaf/tls.key"}) {
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << path;
  }
}

TEST_F(CertificateAuthorityTest, DamagedFilesAreNamed) {
  ASSERT_OK(CertificateAuthority::Open(directory_));
  std::ofstream(directory_ + "/ca.key") << "no key";
  const auto authority = CertificateAuthority::Open(directory_);
  EXPECT_THAT(authority, testing::ReasonIs("CA_UNUSABLE"));
}

}  // namespace
}  // namespace kasbah::dev
