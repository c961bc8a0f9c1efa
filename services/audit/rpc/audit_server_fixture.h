#pragma once

#include <memory>
#include <sstream>
#include <string>

#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/audit/v1/proofs.grpc.pb.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/merkle/export_verifier.h"
#include "libs/testing/server_harness.h"
#include "services/audit/log/audit_fixture.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/proof_service.h"
#include "services/audit/rpc/receiver_service.h"
#include "services/audit/rpc/subject_service.h"

namespace kasbah::audit {

// Audit's handlers behind the real pipeline and mutual TLS, over a real database. Callers are made
// by certificate: relays as their services, readers as an operator.
class AuditServerTest : public AuditTest, protected testing::ServerHarness {
 protected:
  AuditServerTest() : ServerHarness("audit") {}

  void SetUp() override {
    AuditTest::SetUp();
    AwaitKey();
    StartServer();
  }
  void TearDown() override {
    StopServer();
    flusher_.reset();
  }

  void StartServer() {
    CreateServer({v1::Event::descriptor()->file(), v1::Damage::descriptor()->file(),
                  outbox::v1::Entry::descriptor()->file(),
                  subject::v1::Subject::descriptor()->file()});
    MakeServices();
    Serve({receiver_.get(), audit_.get(), subjects_.get(), proofs_.get()});
  }
  // Those of a server that was created and does not serve yet.
  void MakeServices() {
    rpc::Pipeline& pipeline = server_->pipeline();
    flusher_ = std::make_unique<Flusher>(FlusherOptions{.interval = absl::Milliseconds(1)}, *door_,
                                         Clock::Real(), [this](const std::vector<TenantId>& grown) {
                                           growth_.Grown(grown);
                                           checkpointer_->Grown(grown);
                                         });
    receiver_ = std::make_unique<ReceiverService>(pipeline, *flusher_);
    audit_ = std::make_unique<AuditService>(pipeline, *database_, outbox_, *checkpointer_, *key_,
                                            *flusher_, growth_, Clock::Real());
    subjects_ = std::make_unique<SubjectService>(pipeline, *database_, outbox_, Clock::Real());
    system_log_ = std::make_unique<SystemLog>("kasbah.dev", std::vector<merkle::VerifierKey>(), 0,
                                              *door_, *key_, Clock::Real());
    proofs_ =
        std::make_unique<ProofService>(pipeline, *database_, *door_, *checkpointer_, *system_log_);
  }

  // As an operator, for a tenant.
  template <typename Method, typename Request>
  auto As(TenantId tenant, Method method, const Request& request,
          const std::string& path = "operator/grace") {
    return ServerHarness::As(path, tenant, method, request);
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

  outbox::Outbox outbox_{"audit"};
  GrowthSignal growth_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<ReceiverService> receiver_;
  std::unique_ptr<AuditService> audit_;
  std::unique_ptr<SubjectService> subjects_;
  std::unique_ptr<SystemLog> system_log_;
  std::unique_ptr<ProofService> proofs_;
};

}  // namespace kasbah::audit
