#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/outbox/outbox.h"
#include "services/audit/log/audit_fixture.h"
#include "services/audit/log/self_check.h"
#include "services/audit/log/system_log.h"

namespace kasbah::audit {

// The audit fixture with the system log, and the self-check in steps of the test's own.
class ProofTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    AwaitKey();
    MakeSystemLog({}, 0);
  }

  void MakeSystemLog(std::vector<merkle::VerifierKey> witnesses, size_t quorum) {
    system_log_ = std::make_unique<SystemLog>("kasbah.dev", std::move(witnesses), quorum, *door_,
                                              *key_, Clock::Real());
    self_check_ = std::make_unique<SelfCheck>(
        SelfCheckOptions{.rows_per_second = 2000, .pause = absl::ZeroDuration()}, *database_,
        *door_, outbox_, *system_log_, *key_, Clock::Real());
  }

  merkle::Checkpoint Sign(TenantId tenant) {
    const auto head = checkpointer_->Current(Call(tenant));
    EXPECT_OK(head);
    return head.ok() ? head->checkpoint : merkle::Checkpoint();
  }
  // Signs the heads of both tenants and puts them into the system log.
  void Witness() {
    Sign(a_);
    Sign(b_);
    ASSERT_OK(system_log_->Append());
  }

  // Walks every log once, from its beginning to its end. Returns the steps that it took.
  int Round() {
    const std::string before = Finished();
    int steps = 0;
    while (steps < 200 && !AllFinishedSince(before)) {
      EXPECT_OK(self_check_->Step());
      ++steps;
    }
    return steps;
  }
  // "EVENT_CHANGED event 5; LOG_CUT events 3 to 4".
  std::string DamageOf(TenantId tenant) {
    return test_->QueryValue(
        StrCat("SELECT string_agg(kind || ' ' || place, '; ' ORDER BY kind, place) "
               "FROM audit.damage WHERE tenant_id = '",
               tenant.uuid().ToString(), "'"));
  }
  // What a round finds after somebody with every right ran `sql`.
  std::string DamageAfter(const std::string& sql) {
    // It signs heads in the background, also ones that somebody made unsigned.
    checkpointer_.reset();
    Tamper(a_, sql);
    Round();
    EXPECT_EQ(DamageOf(b_), "");
    return DamageOf(a_);
  }

  outbox::Outbox outbox_{"audit"};
  std::unique_ptr<SystemLog> system_log_;
  std::unique_ptr<SelfCheck> self_check_;

 private:
  std::string Finished() {
    return test_->QueryValue(
        "SELECT coalesce(max(finished_at), '-infinity') FROM "
        "audit.self_check");
  }
  bool AllFinishedSince(const std::string& time) {
    return test_->QueryValue(StrCat("SELECT count(*) > 0 AND bool_and(coalesce(finished_at, "
                                    "'-infinity') > '",
                                    time, "') FROM audit.self_check")) == "t";
  }
};

}  // namespace kasbah::audit
