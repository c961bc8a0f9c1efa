#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/webhook/store/delivery_store.h"
#include "services/webhook/store/endpoint_store.h"
#include "services/webhook/store/inbox_store.h"
#include "services/webhook/store/migrations.h"
#include "services/webhook/store/queue_store.h"

namespace kasbah::webhook {

// Two tenants, the service's own pool and the queue's.
class WebhookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_ = testing::TestDatabase::Create(migrations::webhook());
    a_ = test_->CreateTenant("a");
    b_ = test_->CreateTenant("b");
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    database_ = *postgres::Database::Open(test_->Pool("kasbah_webhook"), deadline);
    queue_ = *postgres::Door::Open(test_->Pool("kasbah_webhook_queue"),
                                   postgres::DoorToken::WebhookQueue(), deadline);
  }

  static absl::Time Soon() { return absl::Now() + absl::Seconds(20); }
  static CallContext Call(TenantId tenant) {
    return CallContext::ForBackground("service/webhook", tenant, Soon());
  }

  // With the endpoint's own id as its sealed secret.
  EndpointId AddEndpoint(TenantId tenant, const std::string& url,
                         std::vector<std::string> filters = {}) {
    Endpoint endpoint;
    endpoint.id = EndpointId::New(absl::Now());
    endpoint.url = url;
    endpoint.event_types = std::move(filters);
    endpoint.create_time = absl::Now();
    EXPECT_OK(Write(tenant, "endpoint.create", [&](postgres::Transaction& tx) {
      endpoints_.Insert(tx, tenant, endpoint, endpoint.id.ToString());
    }));
    return endpoint.id;
  }

  // A write of the tenant's, with its event.
  template <typename F>
  absl::Status Write(TenantId tenant, const std::string& action, F write) {
    const CallContext call = Call(tenant);
    return database_->WithTenant(call, [&](postgres::Transaction& tx) {
      write(tx);
      return outbox_.AppendAudit(
          tx, call, outbox::Succeeded(call, Clock::Real(), action, {"endpoint", "", ""}));
    });
  }

  static Message NewMessage(TenantId tenant, const std::string& type = "record.created") {
    Message message;
    message.tenant = tenant;
    message.id = MessageId::New(absl::Now());
    message.event = EventId::New(absl::Now());
    message.type = type;
    message.body = "{\"type\":\"" + type + "\"}";
    message.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    message.request_id = "req-1";
    return message;
  }
  absl::Status FanOut(const std::vector<Message>& messages) {
    return queue_->Run(Soon(), [&](postgres::Transaction& tx) -> absl::Status {
      inbox_.FanOut(tx, messages);
      return absl::OkStatus();
    });
  }

  std::vector<ClaimedDelivery> Claim(Lane lane = Lane::kFirst, int limit = 100, int room = 100,
                                     const std::vector<EndpointPacing::Room>& limited = {}) {
    auto claims = queue_->Run(Soon(), [&](postgres::Transaction& tx) {
      return queue_store_.Claim(tx, lane, Uuid::V7(absl::Now()), absl::Minutes(1), limit, room,
                                limited);
    });
    EXPECT_OK(claims);
    return claims.ok() ? *claims : std::vector<ClaimedDelivery>();
  }
  absl::StatusOr<int64_t> Complete(const ClaimedDelivery& claim, Completion::Next next,
                                   absl::Duration delay = absl::ZeroDuration()) {
    Completion completion;
    completion.tenant = claim.tenant;
    completion.message = claim.message;
    completion.endpoint = claim.endpoint;
    completion.claim = claim.claim;
    completion.next = next;
    completion.delay = delay;
    completion.attempt_id = AttemptId::New(absl::Now());
    completion.number = claim.attempt;
    completion.start_time = absl::Now();
    completion.http_status = next == Completion::Next::kDelivered ? 200 : 500;
    completion.error = next == Completion::Next::kDelivered ? "" : "HTTP_STATUS";
    return queue_->Run(
        Soon(), [&](postgres::Transaction& tx) { return queue_store_.Complete(tx, {completion}); });
  }
  std::vector<Delivery> Deliveries(TenantId tenant) {
    auto deliveries = database_->WithTenant(Call(tenant), [&](postgres::Transaction& tx) {
      return delivery_store_.List(tx, tenant, std::nullopt, std::nullopt, 1000);
    });
    EXPECT_OK(deliveries);
    return deliveries.ok() ? *deliveries : std::vector<Delivery>();
  }
  std::vector<Attempt> Attempts(TenantId tenant, EndpointId endpoint) {
    auto attempts = database_->WithTenant(Call(tenant), [&](postgres::Transaction& tx) {
      return delivery_store_.ListAttempts(tx, tenant, endpoint, std::nullopt, std::nullopt, 1000);
    });
    EXPECT_OK(attempts);
    return attempts.ok() ? *attempts : std::vector<Attempt>();
  }
  int Queued() { return std::stoi(test_->QueryValue("SELECT count(*) FROM webhook.queue")); }
  // As if the leases of all claims had passed, and every wait.
  void MakeAllDue() { test_->Execute("UPDATE webhook.queue SET due_at = now()"); }

  std::unique_ptr<testing::TestDatabase> test_;
  TenantId a_, b_;
  std::unique_ptr<postgres::Database> database_;
  std::unique_ptr<postgres::Door> queue_;
  outbox::Outbox outbox_{"webhook"};
  const EndpointStore endpoints_{};
  const InboxStore inbox_{};
  const QueueStore queue_store_{};
  const DeliveryStore delivery_store_{};
};

}  // namespace kasbah::webhook
