// Many who change one thing at once, each with the etag that it has: one wins, and there is one
// event of it.
#include <atomic>
#include <map>
#include <thread>

#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr int kWriters = 8;

class EtagRacesTest : public CollectionServiceTest {
 protected:
  using Records = v1::RecordService::Stub;

  // How often each outcome was had: "" for success, or the refusal's reason.
  std::map<std::string, int> Race(const std::function<absl::Status(int)>& change) {
    std::atomic<int> ready = 0;
    std::vector<absl::Status> outcomes(kWriters);
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] {
        ++ready;
        while (ready < kWriters) std::this_thread::yield();
        outcomes[static_cast<size_t>(i)] = change(i);
      });
    }
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
  // So that the connection is there before the race.
  ASSERT_OK(AsUser(a_, &v1::TenantService::Stub::GetTenant, v1::GetTenantRequest()));
  const int64_t before = Changes();
  EXPECT_THAT(Race([&](int i) {
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
  EXPECT_THAT(Race([&](int i) {
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
  EXPECT_THAT(Race([&](int i) {
                v1::UpdateCollectionRequest mine = request;
                FieldOf(mine, "note")->set_display_name(absl::StrCat("name ", i));
                return Update(mine).status();
              }),
              ElementsAre(Pair("", 1), Pair("ETAG_MISMATCH", kWriters - 1)));
}

TEST_F(EtagRacesTest, OfADeletionARestoreAndAPurge) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(ToStruct({{"name", "abc"}})));
  int64_t before = Changes();
  // Who comes late finds a record that is deleted, like none.
  EXPECT_THAT(
      Race([&](int) {
        return AsUser(a_, &Records::DeleteRecord, Of<v1::DeleteRecordRequest>(made)).status();
      }),
      ElementsAre(Pair("", 1), Pair("NOT_FOUND", kWriters - 1)));
  EXPECT_EQ(Changes(), before + 1);
  EXPECT_EQ(Versions(made), 2);

  v1::Record deleted = made;
  deleted.set_etag("v2");
  before = Changes();
  auto restored = Race([&](int) {
    return AsUser(a_, &Records::RestoreRecord, Of<v1::RestoreRecordRequest>(deleted)).status();
  });
  EXPECT_EQ(restored[""], 1);
  EXPECT_EQ(restored["ETAG_MISMATCH"] + restored["NOT_FOUND"], kWriters - 1);
  EXPECT_EQ(Changes(), before + 1);
  EXPECT_EQ(Versions(made), 3);

  deleted.set_etag("v3");
  before = Changes();
  auto purged = Race([&](int) {
    return AsUser(a_, &Records::PurgeRecord, Of<v1::PurgeRecordRequest>(deleted)).status();
  });
  EXPECT_EQ(purged[""], 1);
  EXPECT_EQ(purged["ETAG_MISMATCH"] + purged["NOT_FOUND"], kWriters - 1);
  EXPECT_EQ(Changes(), before + 1);
  EXPECT_EQ(Versions(made), 0);
}

}  // namespace
}  // namespace kasbah::tenantdata
