// Two replicas of a service on one database: their relays start together, one is killed in the
// middle, and still every acknowledged write has its event in the trail exactly once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"
#include "tests/chaos/replica.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;

constexpr const char* kReplicated = "tenant-data";

class Replicas : public ::testing::Test {
 protected:
  Replicas() : tenant_(System::Get().CreateTenant("replicas")) {}

  // Creates customers until told to stop; remembers those that were acknowledged.
  void Write(std::shared_ptr<grpc::Channel> channel, const std::string& prefix,
             std::vector<std::string>* acknowledged) {
    auto stub = tenantdata::v1::CustomerService::NewStub(std::move(channel));
    for (int i = 0; !stop_; ++i) {
      tenantdata::v1::CreateCustomerRequest request;
      request.set_external_id(StrCat(prefix, "-", i));
      auto context = System::ContextFor(tenant_.id);
      tenantdata::v1::Customer customer;
      if (stub->CreateCustomer(context.get(), request, &customer).ok()) {
        acknowledged->push_back(customer.customer_id());
        ++written_;
      }
    }
  }

  TestTenant tenant_;
  std::atomic<bool> stop_{false};
  std::atomic<int> written_{0};
};

TEST_F(Replicas, EveryAcknowledgedWriteHasItsEventOnceThoughOneReplicaIsKilled) {
  Replica second(kReplicated);
  auto channel = rpc::CreateChannel(second.address(), dev::Installation::ServiceId(kReplicated),
                                    {System::Get().CertificateOf(dev::kOperator)});
  ASSERT_TRUE(channel.ok());
  std::vector<std::string> first_writes;
  std::vector<std::string> second_writes;
  std::thread one(
      [&] { Write(System::Get().OperatorChannel(kReplicated), "first", &first_writes); });
  std::thread two([&] { Write(*channel, "second", &second_writes); });
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] { return written_ > 200; }));
  ASSERT_TRUE(System::Get().supervisor().KillService(kReplicated).ok());
  EXPECT_TRUE(
      WaitUntil(absl::Seconds(30), [&, at = written_.load()] { return written_ > at + 200; }));
  second.Kill();
  EXPECT_TRUE(
      WaitUntil(absl::Seconds(30), [&, at = written_.load()] { return written_ > at + 200; }));
  stop_ = true;
  one.join();
  two.join();
  EXPECT_FALSE(second_writes.empty());

  const auto waiting = [] {
    return System::Get().QueryValue(
        "SELECT count(*) FROM tenant_data.outbox WHERE topic = 'audit'");
  };
  EXPECT_TRUE(WaitUntil(absl::Seconds(40), [&] { return waiting() == "0"; })) << waiting();
  const std::string tenant = tenant_.id.uuid().ToString();
  // Of the business table and the trail, neither has what the other lacks, and nothing twice.
  EXPECT_EQ(System::Get().QueryValue(StrCat(
                "SELECT count(*) FROM tenant_data.customers WHERE tenant_id = '", tenant, "'")),
            System::Get().QueryValue(StrCat("SELECT count(*) FROM audit.event WHERE tenant_id = '",
                                            tenant, "' AND action = 'customer.create'")));
  EXPECT_EQ(System::Get().QueryValue(
                StrCat("SELECT count(*) - count(DISTINCT convert_from(body, "
                       "'UTF8')::json->>'event_id') FROM audit.event WHERE tenant_id = '",
                       tenant, "'")),
            "0");
  for (const auto* writes : {&first_writes, &second_writes}) {
    for (const std::string& id : *writes) {
      const auto customer = CustomerId::Parse(id);
      ASSERT_TRUE(customer.ok());
      EXPECT_EQ(System::Get().QueryValue(
                    StrCat("SELECT count(*) FROM tenant_data.customers WHERE tenant_id = '", tenant,
                           "' AND customer_id = '", customer->uuid().ToString(), "'")),
                "1");
    }
  }
  EXPECT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(30)).ok());
}

}  // namespace
}  // namespace kasbah::chaos_test
