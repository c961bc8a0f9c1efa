#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "libs/base/strings.h"
#include "libs/http/client.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/tls_server.h"

namespace kasbah::http {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::TlsServer;

class ClientTlsTest : public ::testing::Test {
 protected:
  ~ClientTlsTest() override { std::filesystem::remove(ca_file_); }

  absl::StatusOr<ClientResponse> Get(const TlsServer& server, bool trusted) {
    ClientOptions options;
    options.guard = AddressGuard::Create({"127.0.0.0/8"}).value();
    if (trusted) {
      server.certificate().WriteTo(ca_file_);
      options.ca_file = ca_file_;
    }
    return Client::Create(std::move(options)).value()->SendAndWait({.url = server.url()});
  }

  const std::string ca_file_ =
      (std::filesystem::temp_directory_path() / StrCat("kasbah-ca-", getpid(), ".pem")).string();
};

TEST_F(ClientTlsTest, ACertificateThatIsTrustedAndNamesTheHostIsServed) {
  TlsServer server("IP:127.0.0.1", TLS1_3_VERSION);
  ASSERT_OK_AND_ASSIGN(const ClientResponse response, Get(server, true));
  EXPECT_EQ(response.body, "ok");
}

TEST_F(ClientTlsTest, ACertificateOfNobodyWeTrustIsRefused) {
  TlsServer server("IP:127.0.0.1", TLS1_3_VERSION);
  EXPECT_THAT(Get(server, false), ReasonIs(reason::kTlsFailed));
  EXPECT_FALSE(server.served());
}

TEST_F(ClientTlsTest, ACertificateForAnotherHostIsRefused) {
  TlsServer server("DNS:example.com", TLS1_3_VERSION);
  EXPECT_THAT(Get(server, true), ReasonIs(reason::kTlsFailed));
  EXPECT_FALSE(server.served());
}

TEST_F(ClientTlsTest, OldTlsIsRefused) {
  TlsServer server("IP:127.0.0.1", TLS1_1_VERSION);
  EXPECT_THAT(Get(server, true), ReasonIs(reason::kTlsFailed));
  EXPECT_FALSE(server.served());
}

}  // namespace
}  // namespace kasbah::http
