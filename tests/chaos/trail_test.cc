// What was done against what the trail says, over kills: audit, each producer and PostgreSQL get
// SIGKILL while all of them are written to. Afterwards each business table has exactly the rows
// that the trail has events of: nothing acknowledged without its event, nothing twice, and no event
// of what was rolled back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "absl/strings/str_split.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Audit = audit::v1::AuditService;
using Customers = tenantdata::v1::CustomerService;
using Endpoints = webhook::v1::EndpointService;
using Keys = auth::v1::ApiKeyService;
using Messages = webhook::v1::MessageService;
using Secrets = vault::v1::SecretService;

// One kind of thing that is made under load, and where it stands.
struct Kind {
  std::string service;
  std::string action;
  // SQL: ids as UUIDs, and what a row's id is called outside.
  std::string table;
  std::string column;
  std::string prefix;
  // Makes number n; the new one's id.
  std::function<absl::StatusOr<std::string>(int n)> make;
};

class TrailUnderKills : public ::testing::Test {
 protected:
  TrailUnderKills() : tenant_(System::Get().CreateTenant(StrCat("trail-kills-", ++tenants_))) {
    const TenantId id = tenant_.id;
    // Made here, since writers on threads of their own may only look them up.
    for (const char* service : {"tenant-data", "vault", "webhook", "auth", "audit"}) {
      System::Get().OperatorChannel(service);
      System::Get().Channel(service, tenant_.certificate_directory);
    }
    // For messages to be stored there must be somebody to have them.
    webhook::v1::CreateEndpointRequest endpoint;
    endpoint.set_url("http://127.0.0.1:9/kills");
    endpoint.add_event_types("kills.done");
    EXPECT_TRUE(AsOwner<Endpoints>(1, "webhook", &Endpoints::Stub::CreateEndpoint, endpoint).ok());
    kinds_ = {
        {"tenant-data", "customer.create", "tenant_data.customers", "customer_id", "cus",
         [id](int n) -> absl::StatusOr<std::string> {
           tenantdata::v1::CreateCustomerRequest request;
           // Each name twice: the second is refused after it was begun, and leaves nothing.
           request.set_external_id(StrCat("kills-", n / 2));
           auto made =
               AsOperator<Customers>(id, "tenant-data", &Customers::Stub::CreateCustomer, request);
           if (!made.ok()) return made.status();
           return made->customer_id();
         }},
        {"vault", "secret.create", "vault.secrets", "secret_id", "sec",
         [this](int n) -> absl::StatusOr<std::string> {
           vault::v1::CreateSecretRequest request;
           request.set_path(StrCat("kills/", n / 2));
           auto made = AsOwner<Secrets>(0, "vault", &Secrets::Stub::CreateSecret, request);
           if (!made.ok()) return made.status();
           return made->secret_id();
         }},
        // Through webhook's own outbox, and from there into the table.
        {"webhook", "message.create", "webhook.messages", "event_id", "evt",
         [this](int) -> absl::StatusOr<std::string> {
           webhook::v1::CreateMessageRequest request;
           request.set_event_type("kills.done");
           auto made = AsOwner<Messages>(1, "webhook", &Messages::Stub::CreateMessage, request);
           if (!made.ok()) return made.status();
           return made->event_id();
         }},
        {"auth", "api_key.create", "auth.api_keys", "api_key_id", "key",
         [id](int n) -> absl::StatusOr<std::string> {
           auth::v1::CreateApiKeyRequest request;
           request.set_display_name(StrCat("kills-", n));
           request.set_role(auth::v1::ROLE_VIEWER);
           auto made = AsOperator<Keys>(id, "auth", &Keys::Stub::CreateApiKey, request);
           if (!made.ok()) return made.status();
           return made->api_key().api_key_id();
         }},
    };
  }

  // With the owner's key, on the thread of that number; auth may be away too.
  template <typename Service, typename Request, typename Reply>
  absl::StatusOr<Reply> AsOwner(size_t thread, const std::string& service,
                                grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Reply*),
                                const Request& request) {
    auto& [assertion, until] = assertions_[thread];
    if (absl::Now() > until) {
      const auto resolved = System::Get().Resolve(tenant_.owner_key, tenant_.certificate_directory);
      if (!resolved.ok()) return resolved.status();
      assertion = *resolved;
      until = absl::Now() + absl::Seconds(30);
    }
    auto context = System::Context();
    context->AddMetadata("authorization", StrCat("Bearer ", assertion));
    return system_test::Invoke<Service>(
        System::Get().Channel(service, tenant_.certificate_directory), context, method, request);
  }

  void Load(size_t kind) {
    for (int n = 0; !stop_; ++n) {
      const absl::StatusOr<std::string> id = kinds_[kind].make(n);
      if (!id.ok()) continue;
      acknowledged_[kind].insert(*id);
      ++written_[kind];
    }
  }

  // Every writer gets so much further.
  bool Progress() {
    std::array<int, 4> at;
    for (size_t i = 0; i < at.size(); ++i) at[i] = written_[i];
    return WaitUntil(absl::Seconds(60), [&] {
      for (size_t i = 0; i < at.size(); ++i) {
        if (written_[i] < at[i] + 20) return false;
      }
      return true;
    });
  }

  static void KillPostgres() {
    const std::string directory = System::Get().QueryValue("SHOW data_directory");
    std::ifstream file(directory + "/postmaster.pid");
    pid_t pid = 0;
    ASSERT_TRUE(file >> pid);
    ASSERT_EQ(kill(pid, SIGKILL), 0);
  }

  // The ids in a column of SQL, as they are called outside.
  std::multiset<std::string> RowsOf(const Kind& kind) {
    const std::string rows = System::Get().QueryValue(
        StrCat("SELECT string_agg(", kind.column, "::text, ' ') FROM ", kind.table,
               " WHERE tenant_id = '", tenant_.id.uuid().ToString(), "'"));
    std::multiset<std::string> ids;
    for (const absl::string_view row : absl::StrSplit(rows, ' ', absl::SkipEmpty())) {
      const absl::StatusOr<Uuid> uuid = Uuid::Parse({row.data(), row.size()});
      if (uuid.ok()) ids.insert(kasbah::internal::FormatTypeId(kind.prefix, *uuid));
    }
    return ids;
  }
  std::multiset<std::string> EventsOf(const Kind& kind) {
    const std::string rows = System::Get().QueryValue(
        StrCat("SELECT string_agg(target_id, ' ') FROM audit.event WHERE action = '", kind.action,
               "' AND tenant_id = '", tenant_.id.uuid().ToString(), "'"));
    std::multiset<std::string> ids;
    for (const absl::string_view row : absl::StrSplit(rows, ' ', absl::SkipEmpty())) {
      ids.insert({row.data(), row.size()});
    }
    return ids;
  }

  static inline int tenants_ = 0;
  TestTenant tenant_;
  std::vector<Kind> kinds_;
  std::array<std::pair<std::string, absl::Time>, 2> assertions_{
      {{"", absl::InfinitePast()}, {"", absl::InfinitePast()}}};
  std::atomic<bool> stop_{false};
  std::array<std::atomic<int>, 4> written_{};
  std::array<std::set<std::string>, 4> acknowledged_;
};

TEST_F(TrailUnderKills, TheTrailHasWhatTheBusinessTablesHave) {
  std::vector<std::thread> writers;
  for (size_t i = 0; i < kinds_.size(); ++i) writers.emplace_back([this, i] { Load(i); });
  EXPECT_TRUE(Progress());
  for (const char* service : {"audit", "tenant-data", "vault", "webhook", "auth"}) {
    ASSERT_TRUE(System::Get().supervisor().KillService(service).ok()) << service;
    EXPECT_TRUE(Progress()) << "after the kill of " << service;
  }
  KillPostgres();
  EXPECT_TRUE(Progress()) << "after the kill of PostgreSQL";
  stop_ = true;
  for (std::thread& writer : writers) writer.join();

  for (const char* schema : {"tenant_data", "vault", "webhook", "auth"}) {
    const auto waiting = [schema] {
      return System::Get().QueryValue(StrCat("SELECT count(*) FROM ", schema, ".outbox"));
    };
    EXPECT_TRUE(WaitUntil(absl::Seconds(60), [&] { return waiting() == "0"; })) << waiting();
  }
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const std::multiset<std::string> rows = RowsOf(kinds_[i]);
    const std::multiset<std::string> events = EventsOf(kinds_[i]);
    EXPECT_EQ(rows, events) << kinds_[i].action;
    for (const std::string& id : acknowledged_[i]) {
      EXPECT_EQ(rows.count(id), 1u) << kinds_[i].table << " lacks " << id;
    }
  }
}

TEST_F(TrailUnderKills, ApplicationsEventsThatWereAnsweredAreThereOnce) {
  std::set<std::string> answered;
  std::thread application([&] {
    for (int n = 0; !stop_; ++n) {
      audit::v1::AppendEventsRequest request;
      for (int i = 0; i < 10; ++i) {
        audit::v1::ApplicationEvent* event = request.add_events();
        event->set_client_event_id(StrCat("kills-", n, "-", i));
        event->set_action("app.order.placed");
        event->mutable_actor()->set_kind("customer");
        event->mutable_actor()->set_id("c-1");
      }
      // Until it is answered, as a careful application does.
      while (!stop_) {
        if (!AsOwner<Audit>(0, "audit", &Audit::Stub::AppendEvents, request).ok()) continue;
        for (const auto& event : request.events()) answered.insert(event.client_event_id());
        ++written_[0];
        break;
      }
    }
  });
  const auto progress = [&] {
    return WaitUntil(absl::Seconds(60),
                     [&, at = written_[0].load()] { return written_[0] >= at + 20; });
  };
  EXPECT_TRUE(progress());
  ASSERT_TRUE(System::Get().supervisor().KillService("audit").ok());
  EXPECT_TRUE(progress());
  KillPostgres();
  EXPECT_TRUE(progress());
  stop_ = true;
  application.join();

  const std::string rows = System::Get().QueryValue(StrCat(
      "SELECT string_agg(convert_from(body, 'UTF8')::json->'attributes'->>'client_event_id', ' ') "
      "FROM audit.event WHERE action = 'app.order.placed' AND tenant_id = '",
      tenant_.id.uuid().ToString(), "'"));
  std::multiset<std::string> logged;
  for (const absl::string_view id : absl::StrSplit(rows, ' ', absl::SkipEmpty())) {
    logged.insert({id.data(), id.size()});
  }
  EXPECT_EQ(std::set<std::string>(logged.begin(), logged.end()).size(), logged.size());
  for (const std::string& id : answered) EXPECT_EQ(logged.count(id), 1u) << id;
}

}  // namespace
}  // namespace kasbah::chaos_test
