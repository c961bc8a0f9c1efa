// Who gets as far as a handshake: every service, every kind of stranger.

#include <gmock/gmock.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kasbah/status/v1/status.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/certificate_authority.h"
#include "libs/rpc/status_mapping.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using system_test::System;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Ping(std::shared_ptr<grpc::Channel> channel) {
  auto stub = status::v1::StatusService::NewStub(std::move(channel));
  auto context = System::Context();
  status::v1::PingResponse reply;
  return rpc::FromGrpcStatus(stub->Ping(context.get(), status::v1::PingRequest(), &reply));
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// A channel that presents any certificate, also those that our own client would not start with.
std::shared_ptr<grpc::Channel> ChannelWith(const std::string& address,
                                           const std::string& directory) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          ReadAll(directory + "/ca.crt"),
          std::vector<grpc::experimental::IdentityKeyCertPair>{
              {ReadAll(directory + "/tls.key"), ReadAll(directory + "/tls.crt")}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  return grpc::CreateChannel(address, grpc::experimental::TlsCredentials(options));
}

class EveryService : public ::testing::TestWithParam<std::string> {
 protected:
  std::string address() { return System::Get().installation().Address(GetParam()); }
  std::shared_ptr<grpc::Channel> As(const std::string& certificate) {
    return ChannelWith(address(), certificate);
  }
  // What a TLS client without gRPC sees.
  std::string Handshake(const std::string& options) {
    const std::string ca = System::Get().installation().CertificateDirectory("vault") + "/ca.crt";
    const std::string command =
        StrCat("openssl s_client -connect ", address(), " -alpn h2 -CAfile '", ca, "' ", options,
               " </dev/null 2>&1");
    FILE* pipe = popen(command.c_str(), "r");
    std::string output;
    char buffer[4096];
    while (size_t n = fread(buffer, 1, sizeof(buffer), pipe)) output.append(buffer, n);
    pclose(pipe);
    return output;
  }
};

TEST_P(EveryService, AnswersAnOperator) {
  EXPECT_TRUE(Ping(As(System::Get().CertificateOf(dev::kOperator))).ok());
}

TEST_P(EveryService, RefusesPlaintext) {
  auto channel = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(absl::IsUnavailable(Ping(channel)));
}

TEST_P(EveryService, RefusesAClientWithoutACertificate) {
  grpc::SslCredentialsOptions options;
  EXPECT_TRUE(
      absl::IsUnavailable(Ping(grpc::CreateChannel(address(), grpc::SslCredentials(options)))));
}

TEST_P(EveryService, RefusesACertificateOfAnotherAuthority) {
  const std::string directory = System::Get().directory() + "/other-authority";
  std::filesystem::create_directories(directory + "/ca");
  std::filesystem::create_directories(directory + "/certificate");
  auto authority = dev::CertificateAuthority::Open(directory + "/ca");
  ASSERT_TRUE(authority.ok());
  ASSERT_TRUE(
      authority->Issue({.uris = {"spiffe://kasbah.dev/operator/admin"}}, directory + "/certificate")
          .ok());
  // It trusts the real servers, so the refusal is theirs.
  std::filesystem::copy_file(System::Get().installation().CertificateDirectory("vault") + "/ca.crt",
                             directory + "/certificate/ca.crt",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(absl::IsUnavailable(Ping(As(directory + "/certificate"))));
}

TEST_P(EveryService, RefusesACertificateWithoutExactlyOneSpiffeId) {
  const std::string none = System::Get().CertificateWith({"https://kasbah.dev/operator/admin"});
  const std::string two = System::Get().CertificateWith(
      {"spiffe://kasbah.dev/operator/admin", "spiffe://kasbah.dev/operator/other"});
  for (const std::string& certificate : {none, two}) {
    const absl::Status answer = Ping(As(certificate));
    EXPECT_THAT(answer.code(),
                AnyOf(absl::StatusCode::kUnauthenticated, absl::StatusCode::kUnavailable))
        << answer;
  }
}

TEST_P(EveryService, RefusesAnotherTrustDomainAndAnUnknownKindOfWorkload) {
  for (const char* id : {"spiffe://other.dev/operator/admin", "spiffe://kasbah.dev/robot/admin",
                         "spiffe://kasbah.dev/operator", "spiffe://kasbah.dev/operator/a/b"}) {
    const absl::Status answer = Ping(As(System::Get().CertificateWith({id})));
    EXPECT_FALSE(answer.ok()) << id;
    EXPECT_FALSE(absl::IsUnavailable(answer)) << id << ": " << answer;
  }
}

TEST_P(EveryService, SpeaksTls13Only) {
  const std::string certificate = System::Get().CertificateOf(dev::kOperator);
  const std::string identity =
      StrCat("-cert '", certificate, "/tls.crt' -key '", certificate, "/tls.key'");
  EXPECT_THAT(Handshake(identity + " -tls1_3"), HasSubstr("New, TLSv1.3, Cipher is TLS_"));
  EXPECT_THAT(Handshake(identity + " -tls1_2"), Not(HasSubstr("Cipher    : ECDHE")));
  EXPECT_THAT(Handshake(identity + " -tls1_2"), HasSubstr("Cipher is (NONE)"));
}

TEST_P(EveryService, IsNotTakenForAnother) {
  // A client that expects audit does not speak to anybody else with a valid certificate.
  const std::string wrong = GetParam() == "audit" ? "vault" : "audit";
  auto channel = rpc::CreateChannel(address(), dev::Installation::ServiceId(wrong),
                                    rpc::TlsFiles{System::Get().CertificateOf(dev::kOperator)});
  ASSERT_TRUE(channel.ok());
  EXPECT_TRUE(absl::IsUnavailable(Ping(*channel)));
}

INSTANTIATE_TEST_SUITE_P(Connections, EveryService,
                         ::testing::Values("auth", "vault", "tenant-data", "webhook", "audit"),
                         [](const auto& service) {
                           std::string name = service.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace kasbah::security_test
