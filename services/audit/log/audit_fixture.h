#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/outbox/relay.h"
#include "libs/postgres/database.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/flusher.h"
#include "services/audit/log/key_sealer.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/store/migrations.h"
#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {

// Keeps nothing secret: for tests of what is above it.
class OpenSealer : public KeySealer {
 public:
  absl::StatusOr<std::string> Seal(const crypto::SecretBytes& seed, std::string_view) override {
    if (away) return absl::UnavailableError("the vault is away");
    return std::string(seed.view(crypto::SecretAccess::ForTest()));
  }
  absl::StatusOr<crypto::SecretBytes> Open(std::string_view sealed, std::string_view) override {
    if (away) return absl::UnavailableError("the vault is away");
    return crypto::SecretBytes::Copy(sealed);
  }
  std::atomic<bool> away{false};
};

// Two tenants, the roles of one audit process, and batches as relays send them.
class AuditTest : public ::testing::Test {
 protected:
  using Events = std::vector<std::pair<TenantId, outbox::v1::AuditEvent>>;

  void SetUp() override {
    test_ = testing::TestDatabase::Create(migrations::audit());
    a_ = test_->CreateTenant("a");
    b_ = test_->CreateTenant("b");
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    database_ = *postgres::Database::Open(test_->Pool("kasbah_audit"), deadline);
    door_ = *postgres::Door::Open(test_->Pool("kasbah_audit_ingest"),
                                  postgres::DoorToken::AuditIngest(), deadline);
    key_store_ = std::make_unique<SigningKeyStore>(*door_);
    key_ = std::make_unique<SigningKey>(*key_store_, sealer_, Clock::Real());
    checkpointer_ =
        std::make_unique<Checkpointer>("kasbah.dev", *database_, *door_, *key_, Clock::Real());
  }

  void AwaitKey() {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!key_->Get().ok() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(2));
    ASSERT_OK(key_->Get());
  }

  static CallContext Call(TenantId tenant) {
    return CallContext::ForBackground("service/gateway", tenant, absl::Now() + absl::Seconds(20));
  }

  static outbox::v1::AuditEvent Event(std::string_view action = "secret.create",
                                      std::string_view actor = "usr_ada") {
    outbox::v1::AuditEvent event;
    event.set_event_id(EventId::New(absl::Now()).ToString());
    event.mutable_occurred_at()->set_seconds(1'790'000'000);
    event.set_action(std::string(action));
    event.mutable_actor()->set_kind("user");
    event.mutable_actor()->set_id(std::string(actor));
    event.mutable_actor()->set_display("Ada Lovelace");
    event.mutable_target()->set_kind("secret");
    event.mutable_target()->set_id("sec_x");
    event.set_outcome(outbox::v1::OUTCOME_SUCCESS);
    event.set_source_address("192.0.2.1");
    return event;
  }
  static Events Repeat(TenantId tenant, int count) {
    Events events;
    for (int i = 0; i < count; ++i) events.push_back({tenant, Event()});
    return events;
  }

  outbox::v1::ReceiveBatchRequest Request(uint64_t number, const Events& events) {
    outbox::v1::ReceiveBatchRequest request;
    request.set_topic(outbox::v1::TOPIC_AUDIT);
    request.set_shard("main");
    request.set_epoch(epoch_.ToString());
    request.set_batch(number);
    uint64_t id = number * 10'000;
    for (const auto& [tenant, event] : events) {
      outbox::v1::Entry* entry = request.add_entries();
      entry->set_id(++id);
      entry->set_tenant(std::string(tenant.uuid().view()));
      entry->set_payload(event.SerializeAsString());
    }
    request.set_digest(outbox::Relay::Digest(request.entries()));
    return request;
  }

  static std::shared_ptr<const Batch> Prepared(const outbox::v1::ReceiveBatchRequest& request,
                                               std::string_view source = "service/vault") {
    absl::StatusOr<Batch> batch = PrepareBatch(request, source);
    EXPECT_OK(batch);
    return std::make_shared<const Batch>(*std::move(batch));
  }

  absl::StatusOr<FlushReport> Flush(const std::vector<std::shared_ptr<const Batch>>& batches,
                                    absl::Time now = absl::Now()) {
    return door_->Run(absl::Now() + absl::Seconds(20),
                      [&](postgres::Transaction& tx) { return FlushBatches(tx, batches, now); });
  }
  // One more batch of service/vault.
  void Log(const Events& events, absl::Time now = absl::Now()) {
    ASSERT_OK_AND_ASSIGN(const FlushReport report,
                         Flush({Prepared(Request(++last_batch_, events))}, now));
    ASSERT_OK(report.outcomes[0].status);
  }

  std::string Count(const std::string& table, TenantId tenant) {
    return test_->QueryValue(StrCat("SELECT count(*) FROM audit.", table, " WHERE tenant_id = '",
                                    tenant.uuid().ToString(), "'"));
  }
  // SQL about one tenant's rows, as superuser: "$" stands for its id.
  void Tamper(TenantId tenant, std::string sql) {
    const std::string id = StrCat("'", tenant.uuid().ToString(), "'");
    for (size_t at; (at = sql.find('$')) != std::string::npos;) sql.replace(at, 1, id);
    test_->Execute(sql);
  }

  std::unique_ptr<testing::TestDatabase> test_;
  TenantId a_, b_;
  const Uuid epoch_ = Uuid::V7(absl::Now());
  uint64_t last_batch_ = 0;
  OpenSealer sealer_;
  std::unique_ptr<postgres::Database> database_;
  std::unique_ptr<postgres::Door> door_;
  std::unique_ptr<SigningKeyStore> key_store_;
  std::unique_ptr<SigningKey> key_;
  std::unique_ptr<Checkpointer> checkpointer_;
};

}  // namespace kasbah::audit
