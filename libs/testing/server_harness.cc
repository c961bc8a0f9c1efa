#include "libs/testing/server_harness.h"

#include <stdlib.h>

#include <filesystem>
#include <utility>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/certificate_authority.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::testing {
namespace {

std::string SpiffeId(std::string_view path) { return StrCat("spiffe://", kTrustDomain, "/", path); }

std::string MakeDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "kasbah-server-XXXXXX").string();
  KASBAH_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

ServerHarness::ServerHarness(std::string_view service)
    : path_(StrCat("service/", service)), directory_(MakeDirectory()) {}

ServerHarness::~ServerHarness() {
  StopServer();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

rpc::Server::Options ServerHarness::ServerOptions(const std::string& path) {
  rpc::Server::Options options;
  options.name = path;
  options.config.listen = "127.0.0.1:0";
  options.config.admin_listen = "127.0.0.1:0";
  options.config.trust_domain = kTrustDomain;
  options.config.tls_directory = Certificate(path);
  options.config.drain = absl::Seconds(1);
  options.own_jwks = [this]() -> absl::StatusOr<std::string> {
    return StrCat(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","x":")",
                  crypto::Base64Url(signer_.public_key()), "\"}]}");
  };
  return options;
}

void ServerHarness::CreateServer(
    const std::vector<const google::protobuf::FileDescriptor*>& files) {
  CreateServer(ServerOptions(path_), files);
}

void ServerHarness::CreateServer(
    rpc::Server::Options options,
    const std::vector<const google::protobuf::FileDescriptor*>& files) {
  for (const auto* file : files) {
    for (int i = 0; i < file->service_count(); ++i) options.descriptors.push_back(file->service(i));
  }
  auto server = rpc::Server::Create(std::move(options));
  ASSERT_OK(server);
  server_ = *std::move(server);
}

void ServerHarness::Serve(const std::vector<grpc::Service*>& services) {
  ASSERT_OK(server_->Start(services, [] { return ""; }));
}

void ServerHarness::StopServer() {
  channels_.clear();
  server_.reset();
}

std::string ServerHarness::Certificate(const std::string& path) {
  const std::string directory = StrCat(directory_, "/", path);
  if (!std::filesystem::exists(directory)) {
    std::filesystem::create_directories(directory);
    const auto authority = dev::CertificateAuthority::Open(StrCat(directory_, "/ca"));
    EXPECT_OK(authority);
    EXPECT_OK(authority->Issue({.uris = {SpiffeId(path)}}, directory));
  }
  return directory;
}

std::shared_ptr<grpc::Channel> ServerHarness::ChannelOf(const std::string& path) {
  std::shared_ptr<grpc::Channel>& channel = channels_[path];
  if (channel == nullptr) {
    auto made = rpc::CreateChannel(StrCat("127.0.0.1:", server_->port()), SpiffeId(path_),
                                   rpc::TlsFiles{Certificate(path)});
    EXPECT_OK(made);
    channel = *made;
  }
  return channel;
}

std::string ServerHarness::AssertionFor(TenantId tenant, std::optional<CustomerId> customer) {
  rpc::Assertion assertion;
  assertion.actor_id = kUser;
  assertion.kind = policy::v1::ACTOR_KIND_USER;
  assertion.azp = SpiffeId("service/gateway");
  assertion.customer = customer;
  assertion.session_id = "ses_x";
  assertion.assurance = policy::v1::ASSURANCE_MULTI;
  return Signed(std::move(assertion), tenant);
}

std::string ServerHarness::ProgramAssertion(TenantId tenant, const std::string& azp) {
  rpc::Assertion assertion;
  assertion.actor_id = kWorkload;
  assertion.kind = policy::v1::ACTOR_KIND_TENANT_WORKLOAD;
  assertion.azp = SpiffeId(azp.empty() ? ProgramPath(tenant) : azp);
  assertion.customer = customer_;
  assertion.session_id = kWorkload;
  assertion.workload = *WorkloadId::Parse(kWorkload);
  return Signed(std::move(assertion), tenant);
}

std::string ServerHarness::Signed(rpc::Assertion assertion, TenantId tenant) {
  assertion.tenant = tenant;
  assertion.permissions = permissions_;
  assertion.issue_time = absl::Now();
  assertion.expire_time = assertion.issue_time + rpc::kAssertionLifetime;
  return *rpc::EncodeAssertion(assertion, SpiffeId("service/auth"), kTrustDomain, "test",
                               Uuid::V7(absl::Now()).ToString(),
                               [this](std::string_view input) -> absl::StatusOr<std::string> {
                                 return signer_.Sign(input);
                               });
}

}  // namespace kasbah::testing
