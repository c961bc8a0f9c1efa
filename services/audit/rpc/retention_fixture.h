#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "kasbah/audit/v1/holds.grpc.pb.h"
#include "kasbah/audit/v1/redaction.grpc.pb.h"
#include "kasbah/audit/v1/retention.grpc.pb.h"
#include "libs/merkle/archive_verifier.h"
#include "libs/objects/folder_store.h"
#include "services/audit/retention/retention_worker.h"
#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/rpc/hold_service.h"
#include "services/audit/rpc/redaction_service.h"
#include "services/audit/rpc/retention_service.h"

namespace kasbah::audit {

// Audit with bundles in a folder, partitions for the last years, and events that are old.
class RetentionTestBase : public AuditServerTest {
 protected:
  static constexpr RetentionLimits kLimits = {
      .minimum_days = 90, .default_days = 400, .maximum_days = 3650};

  virtual std::unique_ptr<objects::ObjectStore> MakeObjects() {
    auto store = objects::FolderStore::Create(directory_ + "/bundles");
    EXPECT_OK(store);
    return *std::move(store);
  }

  void SetUp() override {
    AuditTest::SetUp();
    AwaitKey();
    directory_ = ::testing::TempDir() + "/archive.XXXXXX";
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    objects_ = MakeObjects();
    ASSERT_OK_AND_ASSIGN(upkeep_, postgres::Door::Open(test_->Pool("kasbah_audit_upkeep"),
                                                       postgres::DoorToken::AuditUpkeep(),
                                                       absl::Now() + absl::Seconds(20)));
    test_->Execute(
        "SET ROLE kasbah_owner; "
        "CALL audit.add_partitions((current_date - 800)::date, 30)");
    CreateServer({v1::Event::descriptor()->file(), v1::Damage::descriptor()->file(),
                  v1::Retention::descriptor()->file(), v1::Hold::descriptor()->file(),
                  v1::RedactEventsRequest::descriptor()->file(),
                  subject::v1::Subject::descriptor()->file()});
    MakeServices();
    rpc::Pipeline& pipeline = server_->pipeline();
    retention_ = std::make_unique<RetentionService>(pipeline, *database_, outbox_, *objects_,
                                                    kLimits, Clock::Real());
    holds_ = std::make_unique<HoldService>(pipeline, *database_, outbox_, Clock::Real());
    redaction_ = std::make_unique<RedactionService>(pipeline, *database_, outbox_, Clock::Real());
    Serve({audit_.get(), subjects_.get(), proofs_.get(), retention_.get(), holds_.get(),
           redaction_.get()});
  }
  void TearDown() override {
    StopServer();
    flusher_.reset();
    std::filesystem::remove_all(directory_);
  }

  // A process of its own, as far as the database and the bundles can tell.
  std::unique_ptr<RetentionWorker> NewWorker(RetentionWorker::Options options = {
                                                 .limits = kLimits}) {
    return NewWorkerWith(*objects_, options);
  }
  std::unique_ptr<RetentionWorker> NewWorkerWith(objects::ObjectStore& objects,
                                                 RetentionWorker::Options options = {
                                                     .limits = kLimits}) {
    return std::make_unique<RetentionWorker>(options, *database_, *upkeep_, outbox_, objects,
                                             *checkpointer_, *key_, Clock::Real());
  }
  absl::Status RunWorker(RetentionWorker::Options options = {.limits = kLimits}) {
    return NewWorker(options)->RunOnce();
  }

  static absl::Time DaysAgo(int days) { return absl::Now() - days * absl::Hours(24); }
  // The middle of a month that is past the default: some 500 days ago.
  static absl::Time LongAgo() { return StartOf(MonthOf(DaysAgo(500))) + 14 * absl::Hours(24); }
  static std::string MonthText(absl::Time time) {
    return absl::FormatTime("%Y-%m", time, absl::UTCTimeZone());
  }
  std::string HasPartition(absl::Time time) {
    return test_->QueryValue(StrCat("SELECT to_regclass('audit.event_",
                                    absl::FormatTime("%Y_%m", time, absl::UTCTimeZone()),
                                    "') IS NOT NULL"));
  }
  std::string FirstSequence(TenantId tenant) {
    return test_->QueryValue(StrCat("SELECT min_index FROM audit.log_head WHERE tenant_id = '",
                                    tenant.uuid().ToString(), "'"));
  }
  // Signs the head, as the background does each second.
  void Sign(TenantId tenant) { EXPECT_OK(checkpointer_->Current(Call(tenant))); }
  // Old events of a tenant, signed.
  void LogOld(TenantId tenant, int count) {
    Log(Repeat(tenant, count), LongAgo());
    Sign(tenant);
  }

  std::vector<v1::Archive> Archives(TenantId tenant) {
    const auto reply =
        As(tenant, &v1::RetentionService::Stub::ListArchives, v1::ListArchivesRequest());
    EXPECT_OK(reply);
    if (!reply.ok()) return {};
    return {reply->archives().begin(), reply->archives().end()};
  }
  absl::StatusOr<std::string> Download(TenantId tenant, const std::string& name,
                                       v1::ArchivePart part) {
    const auto stub = v1::RetentionService::NewStub(ChannelOf("operator/grace"));
    grpc::ClientContext context;
    rpc::Propagate(Call(tenant), &context);
    v1::DownloadArchiveRequest request;
    request.set_name(name);
    request.set_part(part);
    const auto reader = stub->DownloadArchive(&context, request);
    std::string bytes;
    for (v1::DownloadArchiveResponse chunk; reader->Read(&chunk);) bytes += chunk.bytes();
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return bytes;
  }
  merkle::ArchiveVerdict VerifyBundle(TenantId tenant, const v1::Archive& archive) {
    const auto events = Download(tenant, archive.name(), v1::ARCHIVE_PART_EVENTS);
    const auto personal = Download(tenant, archive.name(), v1::ARCHIVE_PART_PERSONAL);
    EXPECT_OK(events);
    EXPECT_OK(personal);
    std::istringstream events_stream(events.value_or(""));
    std::istringstream personal_stream(personal.value_or(""));
    return merkle::VerifyArchive(events_stream, personal_stream, archive.manifest(),
                                 *merkle::VerifierKey::Parse(Checkpoint(tenant).verifier_key()));
  }
  // Whether any object of any bundle holds these bytes.
  bool AnyObjectHolds(const std::string& text) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::stringstream bytes;
      bytes << file.rdbuf();
      if (bytes.str().find(text) != std::string::npos) return true;
    }
    return false;
  }

  absl::StatusOr<v1::GetEventResponse> Get(TenantId tenant, uint64_t sequence) {
    v1::GetEventRequest request;
    request.set_sequence(sequence);
    return As(tenant, &v1::AuditService::Stub::GetEvent, request);
  }
  absl::StatusOr<v1::Retention> SetDays(TenantId tenant, uint32_t days) {
    v1::SetRetentionRequest request;
    request.set_days(days);
    return As(tenant, &v1::RetentionService::Stub::SetRetention, request);
  }
  absl::StatusOr<v1::Hold> HoldActor(TenantId tenant, const std::string& actor) {
    v1::CreateHoldRequest request;
    request.set_actor_id(actor);
    request.set_reason("file 12/2026");
    return As(tenant, &v1::HoldService::Stub::CreateHold, request);
  }
  absl::StatusOr<v1::Hold> Release(TenantId tenant, const std::string& hold) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(hold);
    return As(tenant, &v1::HoldService::Stub::ReleaseHold, request);
  }

  std::string directory_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<postgres::Door> upkeep_;
  std::unique_ptr<RetentionService> retention_;
  std::unique_ptr<HoldService> holds_;
  std::unique_ptr<RedactionService> redaction_;
};

}  // namespace kasbah::audit
