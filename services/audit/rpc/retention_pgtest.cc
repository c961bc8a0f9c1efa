#include <gtest/gtest.h>

#include "services/audit/rpc/retention_fixture.h"
#include "services/audit/store/prune_store.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class RetentionTest : public RetentionTestBase {};

TEST_F(RetentionTest, WhatIsPastIsBundledAndDroppedAndTheRestStaysProvable) {
  LogOld(a_, 300);
  const v1::GetCheckpointResponse at_boundary = Checkpoint(a_);
  Log(Repeat(a_, 3));
  Sign(a_);
  ASSERT_OK(RunWorker());

  EXPECT_EQ(FirstSequence(a_), "300");
  EXPECT_EQ(HasPartition(LongAgo()), "f");
  EXPECT_EQ(Count("event", a_), "3");
  // Leaves of the tile that is not full are what the next ones are worked out from.
  EXPECT_EQ(Count("leaf", a_), "47");
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 3u);
  EXPECT_EQ(verdict.summary.filter, R"({"first_sequence":300,"past_sequence":303})");

  v1::GetConsistencyProofRequest request;
  request.set_old_size(300);
  request.set_new_size(303);
  ASSERT_OK_AND_ASSIGN(const auto proof,
                       As(a_, &v1::AuditService::Stub::GetConsistencyProof, request));
  std::vector<merkle::Hash> hashes;
  for (const std::string& hash : proof.hashes()) hashes.push_back(*merkle::ParseHash(hash));
  const auto key = *merkle::VerifierKey::Parse(at_boundary.verifier_key());
  EXPECT_TRUE(merkle::VerifyConsistency(300, 303,
                                        merkle::OpenCheckpoint(at_boundary.checkpoint(), key)->root,
                                        verdict.summary.checkpoint.root, hashes));
}

TEST_F(RetentionTest, APrunedLogGrowsOnThroughFullTiles) {
  LogOld(a_, 300);
  ASSERT_OK(RunWorker());
  Log(Repeat(a_, 700));
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 700u);
}

TEST_F(RetentionTest, ABundleVerifiesAndAChangedOneDoesNot) {
  LogOld(a_, 40);
  ASSERT_OK(RunWorker());
  const std::vector<v1::Archive> archives = Archives(a_);
  ASSERT_EQ(archives.size(), 1u);
  EXPECT_EQ(archives[0].name(), StrCat(MonthText(LongAgo()), "-0"));
  EXPECT_TRUE(archives[0].has_prune_time());
  const merkle::ArchiveVerdict verdict = VerifyBundle(a_, archives[0]);
  ASSERT_TRUE(verdict.ok()) << *verdict.fault;
  EXPECT_EQ(verdict.summary.events, 40u);
  EXPECT_EQ(verdict.personal_values, 80u);

  const auto key = *merkle::VerifierKey::Parse(Checkpoint(a_).verifier_key());
  ASSERT_OK_AND_ASSIGN(const std::string events,
                       Download(a_, archives[0].name(), v1::ARCHIVE_PART_EVENTS));
  ASSERT_OK_AND_ASSIGN(std::string personal,
                       Download(a_, archives[0].name(), v1::ARCHIVE_PART_PERSONAL));
  // Each download is an event: those of VerifyBundle and these.
  EXPECT_EQ(Waiting("audit.download_archive"), "4");
  personal.replace(personal.find("Lovelace"), 8, "Lovelady");
  std::istringstream events_stream(events);
  std::istringstream personal_stream(personal);
  const merkle::ArchiveVerdict changed =
      merkle::VerifyArchive(events_stream, personal_stream, archives[0].manifest(), key);
  ASSERT_FALSE(changed.ok());
  EXPECT_NE(changed.fault->find("actor.display is not the value"), std::string::npos)
      << *changed.fault;
}

TEST_F(RetentionTest, AMonthGoesIntoSeveralBundlesOfBoundedSize) {
  LogOld(a_, 25);
  ASSERT_OK(RunWorker({.limits = kLimits, .bundle_events = 10}));
  const std::vector<v1::Archive> archives = Archives(a_);
  ASSERT_EQ(archives.size(), 3u);
  EXPECT_EQ(archives[1].first_sequence(), 10u);
  EXPECT_EQ(archives[2].past_sequence(), 25u);
  EXPECT_EQ(FirstSequence(a_), "25");
}

TEST_F(RetentionTest, AnArchivedEventIsSaidToBeAndWhereItIs) {
  LogOld(a_, 5);
  ASSERT_OK(RunWorker());
  const auto gone = Get(a_, 3);
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(gone, ReasonIs("EVENT_ARCHIVED"));
  EXPECT_NE(std::string(gone.status().message()).find(Archives(a_)[0].name()), std::string::npos);
  EXPECT_THAT(Get(b_, 3), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Download(b_, Archives(a_)[0].name(), v1::ARCHIVE_PART_EVENTS), ReasonIs("NOT_FOUND"));
}

TEST_F(RetentionTest, OneTenantIsPrunedWhileAnotherKeepsTheMonth) {
  ASSERT_OK(SetDays(b_, 3000));
  LogOld(a_, 300);
  LogOld(b_, 20);
  ASSERT_OK(RunWorker({.limits = kLimits, .page = 100}));
  EXPECT_EQ(HasPartition(LongAgo()), "t");
  EXPECT_EQ(Count("event", a_), "0");
  EXPECT_EQ(Count("event", b_), "20");
  EXPECT_EQ(FirstSequence(b_), "0");
  EXPECT_TRUE(Archives(b_).empty());
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(b_));
  const merkle::ExportVerdict verdict = Verify(b_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 20u);

  ASSERT_OK(SetDays(b_, 90));
  ASSERT_OK(RunWorker());
  EXPECT_EQ(HasPartition(LongAgo()), "f");
}

TEST_F(RetentionTest, ASuspendedTenantsTrailEndsAsOthersDo) {
  LogOld(a_, 5);
  test_->SetTenantState(a_, "suspended");
  ASSERT_OK(RunWorker());
  EXPECT_EQ(FirstSequence(a_), "5");
}

TEST_F(RetentionTest, TilesOfTheBottomGoWhereTheirParentIsFull) {
  test_->Execute(StrCat(
      "INSERT INTO audit.log_head (tenant_id, size, root, frontier, last_recorded_at, min_index) "
      "VALUES ('",
      a_.uuid().ToString(), "', 65536 + 600, '', '', now(), 65536 + 300)"));
  test_->Execute(StrCat("INSERT INTO audit.tile SELECT '", a_.uuid().ToString(),
                        "', 0, n, decode(repeat('00', 8192), 'hex'), "
                        "decode(repeat('00', 32), 'hex') FROM generate_series(0, 257) n"));
  ASSERT_OK(NewWorker()->DeletePruned(a_));
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(n::text, ',' ORDER BY n) FROM audit.tile"),
            "256,257");
}

TEST_F(RetentionTest, LimitsAreHeldByTheServiceAndByTheDatabase) {
  EXPECT_THAT(SetDays(a_, 89), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(SetDays(a_, 3651), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(v1::Retention retention, As(a_, &v1::RetentionService::Stub::GetRetention,
                                                   v1::GetRetentionRequest()));
  EXPECT_EQ(retention.days(), 400u);
  EXPECT_FALSE(retention.is_own());
  ASSERT_OK_AND_ASSIGN(retention, SetDays(a_, 90));
  EXPECT_TRUE(retention.is_own());
  EXPECT_EQ(Waiting("audit.set_retention"), "1");
  // Whoever writes past the service is not believed either.
  ASSERT_OK(RunWorker());
  Tamper(a_, "UPDATE audit.retention SET days = 31 WHERE tenant_id = $");
  EXPECT_EQ(test_->QueryValue(StrCat("SELECT audit.retention_days('", a_.uuid().ToString(), "')")),
            "90");
}

TEST_F(RetentionTest, AChangedEventStopsItsLogAndNoOther) {
  LogOld(a_, 5);
  LogOld(b_, 5);
  Tamper(a_,
         "UPDATE audit.event SET body = overlay(body placing '\\x41'::bytea from 20 for 1) "
         "WHERE tenant_id = $ AND seq = 2");
  EXPECT_THAT(RunWorker(), ReasonIs("LOG_DAMAGED"));
  EXPECT_EQ(FirstSequence(a_), "0");
  EXPECT_EQ(Count("event", a_), "5");
  EXPECT_EQ(FirstSequence(b_), "5");
}

// A store that breaks off after some writes, as a process that is killed does.
class BreakingStore : public objects::ObjectStore {
 public:
  BreakingStore(objects::ObjectStore& below, int writes) : below_(below), left_(writes) {}
  absl::StatusOr<std::unique_ptr<objects::ObjectWriter>> Write(
      const objects::ObjectKey& key) override {
    if (left_-- <= 0) return absl::UnavailableError("gone");
    return below_.Write(key);
  }
  absl::StatusOr<std::string> Read(const objects::ObjectKey& key, int64_t offset,
                                   size_t size) override {
    if (left_ <= 0) return absl::UnavailableError("gone");
    return below_.Read(key, offset, size);
  }
  absl::Status Delete(const objects::ObjectKey& key) override { return below_.Delete(key); }
  absl::StatusOr<std::vector<FileId>> List(TenantId tenant, FileId after, int limit) override {
    return below_.List(tenant, after, limit);
  }

 private:
  objects::ObjectStore& below_;
  int left_;
};

// What is there after each step is what the next process goes on from.
class RetentionStepsTest : public RetentionTestBase {
 protected:
  void SetUp() override {
    RetentionTestBase::SetUp();
    LogOld(a_, 300);
    worker_ = NewWorker();
  }
  Archive Begin() {
    const retention_store::TenantLog log{a_, 300, 0, kLimits.default_days};
    auto archive = worker_->BeginBundle(log);
    EXPECT_OK(archive);
    return **archive;
  }
  // The process is gone; another one finds the work as it was left.
  void GoOn() {
    worker_.reset();
    ASSERT_OK(RunWorker());
    EXPECT_EQ(FirstSequence(a_), "300");
    EXPECT_EQ(HasPartition(LongAgo()), "f");
    EXPECT_EQ(Count("event", a_), "0");
    const std::vector<v1::Archive> archives = Archives(a_);
    ASSERT_EQ(archives.size(), 1u);
    const merkle::ArchiveVerdict verdict = VerifyBundle(a_, archives[0]);
    EXPECT_TRUE(verdict.ok()) << *verdict.fault;
    // Both of the bundle and no other.
    ASSERT_OK_AND_ASSIGN(const auto objects, objects_->List(a_, FileId(), 10));
    EXPECT_EQ(objects.size(), 2u);
  }
  std::unique_ptr<RetentionWorker> worker_;
};

TEST_F(RetentionStepsTest, GoesOnAfterABundleWasNamed) {
  Begin();
  EXPECT_TRUE(Archives(a_).empty());
  GoOn();
}

TEST_F(RetentionStepsTest, GoesOnAfterItsEventsWereBegun) {
  BreakingStore store(*objects_, 1);
  worker_.reset();
  worker_ = NewWorkerWith(store);
  EXPECT_FALSE(worker_->WriteBundle(Begin()).ok());
  GoOn();
}

TEST_F(RetentionStepsTest, NothingIsPrunedThatCouldNotBeReadBack) {
  BreakingStore store(*objects_, 2);
  worker_.reset();
  worker_ = NewWorkerWith(store);
  EXPECT_FALSE(worker_->RunOnce().ok());
  EXPECT_EQ(FirstSequence(a_), "0");
  EXPECT_EQ(Count("event", a_), "300");
  GoOn();
}

TEST_F(RetentionStepsTest, GoesOnAfterABundleWasWritten) {
  ASSERT_OK(worker_->WriteBundle(Begin()));
  EXPECT_EQ(FirstSequence(a_), "0");
  EXPECT_EQ(Archives(a_).size(), 1u);
  GoOn();
}

TEST_F(RetentionStepsTest, GoesOnAfterTheLogsBeginningMoved) {
  const Archive archive = Begin();
  ASSERT_OK(worker_->WriteBundle(archive));
  ASSERT_OK(worker_->AdvanceStart(archive));
  EXPECT_EQ(Count("event", a_), "300");
  GoOn();
}

TEST_F(RetentionStepsTest, GoesOnInTheMiddleOfDeleting) {
  const Archive archive = Begin();
  ASSERT_OK(worker_->WriteBundle(archive));
  ASSERT_OK(worker_->AdvanceStart(archive));
  ASSERT_OK(upkeep_->Run(absl::Now() + absl::Seconds(20), [&](postgres::Transaction& tx) {
    return prune_store::DeletePruned(tx, a_, 100);
  }));
  EXPECT_EQ(Count("event", a_), "200");
  GoOn();
}

TEST_F(RetentionStepsTest, OneReplicaWorksAtATime) {
  ASSERT_OK(worker_->RunOnce());
  Log(Repeat(b_, 5), LongAgo());
  Sign(b_);
  ASSERT_OK(RunWorker());
  EXPECT_EQ(FirstSequence(b_), "0");
  worker_.reset();
  ASSERT_OK(RunWorker());
  EXPECT_EQ(FirstSequence(b_), "5");
}

}  // namespace
}  // namespace kasbah::audit
