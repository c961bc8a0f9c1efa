// Many who change one thing at once, each with the etag that it has: one wins, and there is one
// event of it.
#include <map>
#include <thread>

#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"
#include <pqxx/pqxx>

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr int kWriters = 8;
// How many have to be past what they read before any of them may write.
constexpr int kMeeting = 2;

class EtagRacesTest : public CollectionServiceTest {
 protected:
  using Records = v1::RecordService::Stub;

  void SetUp() override {
    CollectionServiceTest::SetUp();
    // So that the connection is there before a race.
    ASSERT_OK(AsUser(a_, &v1::TenantService::Stub::GetTenant, v1::GetTenantRequest()));
  }

  // How often each outcome was had: "" for success, or the refusal's reason. They meet where the
  // table is written, which nobody may until some of them are there.
  std::map<std::string, int> Race(const std::string& table,
                                  const std::function<absl::Status(int)>& change) {
    pqxx::connection connection(test_->AdminDsn());
    pqxx::work lock(connection);
    lock.exec("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
    std::vector<absl::Status> outcomes(kWriters);
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] { outcomes[static_cast<size_t>(i)] = change(i); });
    }
    EXPECT_TRUE(test_->AwaitBlocked(kMeeting));
    lock.abort();
    for (std::thread& writer : writers) writer.join();
    std::map<std::string, int> counts;
    for (const absl::Status& outcome : outcomes) {
      ++counts[outcome.ok() ? "" : std::string(ReasonOf(outcome))];
    }
    return counts;
  }

  int64_t Changes() { return Count("tenant_data.outbox WHERE topic = 'change'"); }
  int64_t Versions(const v1::Record& record) {
    return Count(absl::StrCat("tenant_data.record_history WHERE record_id = '",
                              RecordId::Parse(record.record_id())->uuid().ToString(), "'"));
  }
  template <typename Request>
  static Request Of(const v1::Record& record) {
    Request request;
    request.set_record_id(record.record_id());
    request.set_etag(record.etag());
    return request;
  }
};

TEST_F(EtagRacesTest, OfACustomer) {
  v1::UpdateCustomerRequest request;
  request.set_customer_id(MakeCustomer(a_, "one").ToString());
  request.set_etag("v1");
  const int64_t before = Changes();
  EXPECT_THAT(Race("tenant_data.customers",
                   [&](int i) {
                     v1::UpdateCustomerRequest mine = request;
                     mine.set_display_name(absl::StrCat("name ", i));
                     return AsUser(a_, &v1::CustomerService::Stub::UpdateCustomer, mine).status();
                   }),
              ElementsAre(Pair("", 1), Pair("ETAG_MISMATCH", kWriters - 1)));
  EXPECT_EQ(Changes(), before + 1);
}

TEST_F(EtagRacesTest, OfATenant) {
  permissions_.set(policy::v1::PERMISSION_TENANT_MANAGE);
  ASSERT_OK_AND_ASSIGN(const v1::Tenant tenant,
                       AsUser(a_, &v1::TenantService::Stub::GetTenant, v1::GetTenantRequest()));
  const int64_t before = Changes();
  EXPECT_THAT(Race("core.tenants",
                   [&](int i) {
                     v1::UpdateTenantRequest mine;
                     mine.set_etag(tenant.etag());
                     mine.set_display_name(absl::StrCat("name ", i));
                     return AsUser(a_, &v1::TenantService::Stub::UpdateTenant, mine).status();
                   }),
              ElementsAre(Pair("", 1), Pair("ETAG_MISMATCH", kWriters - 1)));
  EXPECT_EQ(Changes(), before + 1);
}

TEST_F(EtagRacesTest, OfACollection) {
  const v1::UpdateCollectionRequest request = Unchanged();
  EXPECT_THAT(Race("tenant_data.collections",
                   [&](int i) {
                     v1::UpdateCollectionRequest mine = request;
                     FieldOf(mine, "note")->set_display_name(absl::StrCat("name ", i));
                     return Update(mine).status();
                   }),
              ElementsAre(Pair("", 1), Pair("ETAG_MISMATCH", kWriters - 1)));
}

TEST_F(EtagRacesTest, OfADeletionARestoreAndAPurge) {
  ASSERT_OK_AND_ASSIGN(v1::Record record, Make(ToStruct({{"name", "abc"}})));
  const auto race = [&](int versions, const std::function<absl::Status()>& change) {
    const int64_t before = Changes();
    auto outcomes = Race("tenant_data.records", [&](int) { return change(); });
    EXPECT_EQ(outcomes[""], 1);
    // Who comes after it finds none, and who waited for it finds another version or none.
    EXPECT_EQ(outcomes["ETAG_MISMATCH"] + outcomes["NOT_FOUND"], kWriters - 1);
    EXPECT_EQ(Changes(), before + 1);
    EXPECT_EQ(Versions(record), versions);
  };
  race(2, [&] {
    return AsUser(a_, &Records::DeleteRecord, Of<v1::DeleteRecordRequest>(record)).status();
  });
  record.set_etag("v2");
  race(3, [&] {
    return AsUser(a_, &Records::RestoreRecord, Of<v1::RestoreRecordRequest>(record)).status();
  });
  record.set_etag("v3");
  race(0, [&] {
    return AsUser(a_, &Records::PurgeRecord, Of<v1::PurgeRecordRequest>(record)).status();
  });
}

}  // namespace
}  // namespace kasbah::tenantdata
