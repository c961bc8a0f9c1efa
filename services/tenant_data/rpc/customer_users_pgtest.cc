// A signed-in user of one customer: every method that is for users and not for keys is about the
// tenant as a whole, and definitions show them nothing of other customers.

#include <set>
#include <string>

#include "kasbah/policy/v1/policy.pb.h"
#include "libs/testing/status_matchers.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"
#include "services/tenant_data/store/index_builder.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::FileDescriptor;
using testing::ReasonIs;
using Collections = v1::CollectionService::Stub;
using Tenants = v1::TenantService::Stub;

class CustomerUsersTest : public CollectionServiceTest {
 protected:
  template <typename Method, typename Request>
  void Deny(const std::string& name, Method method, const Request& request,
            std::set<std::string>* asked) {
    EXPECT_THAT(AsUser(a_, method, request, customer_), ReasonIs("PERMISSION_DENIED")) << name;
    EXPECT_EQ(asked->erase(name), 1u) << name;
  }
  static std::set<std::string> ForUsersAlone() {
    std::set<std::string> methods;
    for (const FileDescriptor* file :
         {v1::Tenant::descriptor()->file(), v1::Domain::descriptor()->file(),
          v1::Collection::descriptor()->file(), v1::Record::descriptor()->file(),
          v1::File::descriptor()->file(), v1::Move::descriptor()->file()}) {
      for (int s = 0; s < file->service_count(); ++s) {
        for (int m = 0; m < file->service(s)->method_count(); ++m) {
          const auto* method = file->service(s)->method(m);
          bool users = false;
          bool keys = false;
          for (const int actor : method->options().GetExtension(policy::v1::access).actors()) {
            users |= actor == policy::v1::ACTOR_KIND_USER;
            keys |= actor == policy::v1::ACTOR_KIND_API_KEY;
          }
          if (users && !keys) methods.insert(method->name());
        }
      }
    }
    return methods;
  }
};

TEST_F(CustomerUsersTest, WhatIsForUsersAloneIsTheTenants) {
  std::set<std::string> methods = ForUsersAlone();
  const v1::UpdateCollectionRequest update = Unchanged();
  ASSERT_OK_AND_ASSIGN(const v1::Collection before, Get());
  customer_ = MakeCustomer(a_, "one");

  v1::CreateCollectionRequest create;
  create.set_key("theirs");
  *create.add_fields() = before.fields(0);
  Deny("CreateCollection", &Collections::CreateCollection, create, &methods);
  Deny("UpdateCollection", &Collections::UpdateCollection, update, &methods);
  v1::DeleteCollectionRequest remove;
  remove.set_collection("countries");
  remove.set_etag(before.etag());
  remove.set_with_records(true);
  Deny("DeleteCollection", &Collections::DeleteCollection, remove, &methods);
  v1::UndeleteCollectionRequest undelete;
  undelete.set_collection("countries");
  undelete.set_etag(before.etag());
  Deny("UndeleteCollection", &Collections::UndeleteCollection, undelete, &methods);
  v1::RebuildFieldIndexRequest rebuild;
  rebuild.set_collection("countries");
  rebuild.set_field(before.fields(0).key());
  Deny("RebuildFieldIndex", &Collections::RebuildFieldIndex, rebuild, &methods);
  v1::UpdateTenantRequest rename;
  rename.set_etag("v1");
  rename.set_display_name("Theirs");
  Deny("UpdateTenant", &Tenants::UpdateTenant, rename, &methods);
  EXPECT_THAT(methods, ::testing::IsEmpty()) << "a method for users that no customer was denied";

  customer_.reset();
  ASSERT_OK_AND_ASSIGN(const v1::Collection after, Get());
  EXPECT_EQ(after.DebugString(), before.DebugString());
}

// Two records of another customer keep a field from being unique: which they are is not shown.
TEST_F(CustomerUsersTest, RecordsInAnIndexsWayAreNotShown) {
  const std::string other = MakeCustomer(a_, "other").ToString();
  ASSERT_OK(Make(ToStruct({{"note", "same"}}), "countries", other));
  v1::UpdateCollectionRequest request = Unchanged();
  FieldOf(request, "note")->set_unique(true);
  ASSERT_OK(Update(request));
  // Before the values of those that there were are taken.
  ASSERT_OK(Make(ToStruct({{"note", "same"}}), "countries", other));
  ASSERT_OK_AND_ASSIGN(const auto upkeep,
                       postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                            postgres::DoorToken::TenantDataUpkeep(),
                                            absl::Now() + absl::Seconds(30)));
  ASSERT_OK(IndexBuilder(*database_, *upkeep, Clock::Real()).RunOnce());
  EXPECT_EQ(Get()->fields(3).index_conflicts_size(), 1);

  customer_ = MakeCustomer(a_, "one");
  EXPECT_EQ(Get()->fields(3).index_state(), v1::INDEX_STATE_CONFLICTS);
  EXPECT_EQ(Get()->fields(3).index_conflicts_size(), 0);
  ASSERT_OK_AND_ASSIGN(const auto list,
                       AsUser(a_, &Collections::ListCollections, v1::ListCollectionsRequest()));
  EXPECT_EQ(list.collections(0).fields(3).index_conflicts_size(), 0);
}

}  // namespace
}  // namespace kasbah::tenantdata
