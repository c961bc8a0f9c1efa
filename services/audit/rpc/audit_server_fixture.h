#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/dev/certificate_authority.h"
#include "libs/merkle/export_verifier.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "services/audit/log/audit_fixture.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/receiver_service.h"
#include "services/audit/rpc/subject_service.h"

namespace kasbah::audit {

// Audit's handlers behind the real pipeline and mutual TLS, over a real database. Callers are made
// by certificate: relays as their services, readers as an operator.
class AuditServerTest : public AuditTest {
 protected:
  static constexpr char kDomain[] = "kasbah.dev";

  void SetUp() override {
    AuditTest::SetUp();
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-audit-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    authority_ = std::make_unique<dev::CertificateAuthority>(
        *dev::CertificateAuthority::Open(directory_ + "/ca"));
    AwaitKey();
    StartServer();
  }
  void TearDown() override {
    channels_.clear();
    server_.reset();
    flusher_.reset();
    std::filesystem::remove_all(directory_);
  }

  void StartServer() {
    rpc::Server::Options options;
    options.name = "kasbah-audit";
    options.config.listen = "127.0.0.1:0";
    options.config.admin_listen = "127.0.0.1:0";
    options.config.trust_domain = kDomain;
    options.config.tls_directory = Certificate("service/audit");
    options.descriptors = {v1::Event::descriptor()->file()->service(0),
                           outbox::v1::Entry::descriptor()->file()->service(0),
                           subject::v1::Subject::descriptor()->file()->service(0)};
    options.own_jwks = []() -> absl::StatusOr<std::string> { return R"({"keys":[]})"; };
    auto server = rpc::Server::Create(std::move(options));
    ASSERT_OK(server);
    server_ = *std::move(server);
    rpc::Pipeline& pipeline = server_->pipeline();
    flusher_ = std::make_unique<Flusher>(
        FlusherOptions{.interval = absl::Milliseconds(1)}, *door_, Clock::Real(),
        [this](const std::vector<TenantId>& grown) { checkpointer_->Grown(grown); });
    receiver_ = std::make_unique<ReceiverService>(pipeline, *flusher_);
    audit_ = std::make_unique<AuditService>(pipeline, *database_, outbox_, *checkpointer_, *key_,
                                            Clock::Real());
    subjects_ = std::make_unique<SubjectService>(pipeline, *database_, outbox_, Clock::Real());
    ASSERT_OK(server_->Start({receiver_.get(), audit_.get(), subjects_.get()}, [] { return ""; }));
  }

  // A directory with the certificate of `path`.
  std::string Certificate(const std::string& path) {
    std::string directory = directory_ + "/" + path;
    std::filesystem::create_directories(directory);
    EXPECT_OK(authority_->Issue({.uris = {StrCat("spiffe://", kDomain, "/", path)}}, directory));
    return directory;
  }
  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& path) {
    std::shared_ptr<grpc::Channel>& channel = channels_[path];
    if (channel == nullptr) {
      channel = *rpc::CreateChannel(StrCat("127.0.0.1:", server_->port()),
                                    StrCat("spiffe://", kDomain, "/service/audit"),
                                    rpc::TlsFiles{Certificate(path)});
    }
    return channel;
  }

  // As an operator, for a tenant.
  template <typename Service = v1::AuditService, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> As(TenantId tenant,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Reply*),
                           const Request& request, const std::string& path = "operator/grace") {
    const auto stub = Service::NewStub(ChannelOf(path));
    return rpc::Invoke(Call(tenant), *stub, method, request);
  }
  absl::StatusOr<v1::ListEventsResponse> List(TenantId tenant,
                                              const v1::ListEventsRequest& request) {
    return As(tenant, &v1::AuditService::Stub::ListEvents, request);
  }
  v1::GetCheckpointResponse Checkpoint(TenantId tenant) {
    const auto reply =
        As(tenant, &v1::AuditService::Stub::GetCheckpoint, v1::GetCheckpointRequest());
    EXPECT_OK(reply);
    return reply.ok() ? *reply : v1::GetCheckpointResponse();
  }

  absl::StatusOr<std::string> Export(TenantId tenant, const v1::EventFilter& filter = {}) {
    const auto stub = v1::AuditService::NewStub(ChannelOf("operator/grace"));
    grpc::ClientContext context;
    rpc::Propagate(Call(tenant), &context);
    v1::ExportEventsRequest request;
    *request.mutable_filter() = filter;
    const auto reader = stub->ExportEvents(&context, request);
    std::string file;
    for (v1::ExportEventsResponse chunk; reader->Read(&chunk);) file += chunk.lines();
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return file;
  }
  merkle::ExportVerdict Verify(TenantId tenant, const std::string& file) {
    std::istringstream stream(file);
    return merkle::VerifyExport(stream,
                                *merkle::VerifierKey::Parse(Checkpoint(tenant).verifier_key()));
  }

  // Audit's own events of an action that wait for its relay.
  std::string Waiting(const std::string& action) {
    return test_->QueryValue(StrCat("SELECT count(*) FROM audit.outbox WHERE position('", action,
                                    "'::bytea IN payload) > 0"));
  }

  std::string directory_;
  std::unique_ptr<dev::CertificateAuthority> authority_;
  outbox::Outbox outbox_{"audit"};
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<ReceiverService> receiver_;
  std::unique_ptr<AuditService> audit_;
  std::unique_ptr<SubjectService> subjects_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kasbah::audit
