// A caller of one customer, on every method of tenant-data that lets API keys in: what is its own
// it has, what is the tenant's it is refused, and what another customer of the same tenant has is
// to it what nobody has. Each request is sent with its own names, with another's and with names of
// nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "kasbah/policy/v1/policy.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/security/answer.h"
#include "tests/security/estate.h"
#include "tests/security/methods.h"
#include "tests/security/tenant_data_requests.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::MethodDescriptor;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Records = tenantdata::v1::RecordService;

constexpr char kOthersName[] = "canary-of-the-other-customer";

class CustomerScope : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    System::AskForNoRateLimits();
    tenant_ = new TestTenant(System::Get().CreateTenant("customer-scope"));
    methods_ = new std::map<std::string, const MethodDescriptor*>();
    for (const MethodDescriptor* method : AllMethods()) {
      if (ServerOf(method) == "tenant-data") (*methods_)[NameOf(method)] = method;
    }
    of_tenant_ = new Names(DefineCollections(*tenant_));
    of_tenant_->merge(MakeThingsOfTenant(*tenant_));
    mine_ = new TestTenant(MakeLimited("mine", "Mine", &mine_id_));
    other_ = new TestTenant(MakeLimited("other", kOthersName, &other_id_));
    others_ = new Names(MakeThings(*other_));
    (*others_)["${customer}"] = other_id_;
  }
  static TestTenant MakeLimited(const std::string& external_id, const std::string& name,
                                std::string* id) {
    *id = MakeCustomer(*tenant_, external_id, name);
    return LimitedTo(*tenant_, *id);
  }

  // Whatever a request of the caller's own needs, used up by none yet.
  static Names Mine() {
    Names names = MakeThings(*mine_);
    names["${customer}"] = mine_id_;
    names.insert(of_tenant_->begin(), of_tenant_->end());
    return names;
  }

  static bool IsForKeys(const MethodDescriptor* method) {
    return LetsIn(method, policy::v1::ACTOR_KIND_API_KEY);
  }
  // With names and texts that nobody had; those are added to the names.
  static Answer AskAsMine(const TenantDataRequest& request, Names* names) {
    names->merge(FreshTexts());
    const MethodDescriptor* method = methods_->at(request.method);
    return AskFor(*mine_, method, Fill(request, method, *names));
  }

  static tenantdata::v1::ListRecordsResponse List(const tenantdata::v1::ListRecordsRequest& list) {
    const auto page = AsOwner<Records>(*mine_, "tenant-data", &Records::Stub::ListRecords, list);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.value_or(tenantdata::v1::ListRecordsResponse());
  }

  static TestTenant* tenant_;
  static TestTenant* mine_;
  static TestTenant* other_;
  static std::string& mine_id_;
  static std::string& other_id_;
  static Names* of_tenant_;
  static Names* others_;
  static std::map<std::string, const MethodDescriptor*>* methods_;
};
TestTenant* CustomerScope::tenant_ = nullptr;
TestTenant* CustomerScope::mine_ = nullptr;
TestTenant* CustomerScope::other_ = nullptr;
std::string& CustomerScope::mine_id_ = *new std::string;
std::string& CustomerScope::other_id_ = *new std::string;
Names* CustomerScope::of_tenant_ = nullptr;
Names* CustomerScope::others_ = nullptr;
std::map<std::string, const MethodDescriptor*>* CustomerScope::methods_ = nullptr;

TEST_F(CustomerScope, EveryMethodForKeysHasItsRequest) {
  std::set<std::string> told;
  for (const TenantDataRequest& request : TenantDataRequests()) {
    ASSERT_TRUE(methods_->contains(request.method)) << request.method;
    told.insert(request.method);
  }
  for (const auto& [name, method] : *methods_) {
    EXPECT_TRUE(told.contains(name) || !IsForKeys(method)) << name;
  }
}

TEST_F(CustomerScope, OnesOwnIsServedAndWhatIsTheTenantsIsDenied) {
  for (const TenantDataRequest& request : TenantDataRequests()) {
    Names names = Mine();
    if (!IsForKeys(methods_->at(request.method))) continue;
    const Answer answer = AskAsMine(request, &names);
    const absl::Status status = answer.ToStatus();
    if (request.of == Of::kCustomer) {
      EXPECT_TRUE(answer.ok()) << request.method << " answered " << status;
      continue;
    }
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << request.method << " answered " << status;
    EXPECT_EQ(ReasonOf(status), "PERMISSION_DENIED") << request.method;
    EXPECT_THAT(answer.replies, IsEmpty()) << request.method;
  }
}

// What is for signed-in users and operators no key may call, whatever its role; users of one
// customer are asked in customer_users_pgtest.cc.
TEST_F(CustomerScope, AKeyMayNotCallWhatIsForUsers) {
  const std::string before = StateOf(tenant_->id);
  int asked = 0;
  for (const auto& [name, method] : *methods_) {
    if (IsForKeys(method)) continue;
    const auto context = System::Get().OwnerContext(*mine_);
    Messages requests;
    requests.emplace_back(google::protobuf::MessageFactory::generated_factory()
                              ->GetPrototype(method->input_type())
                              ->New());
    const auto channel = System::Get().Channel("tenant-data", mine_->certificate_directory);
    const absl::Status status = Ask(channel, context.get(), method, requests).ToStatus();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << name << " answered " << status;
    ++asked;
  }
  EXPECT_GT(asked, 10);
  EXPECT_EQ(StateOf(tenant_->id), before);
}

// Every name of every request in turn: code, message, details, trailers and reply are the same for
// what the other customer has and for what nobody has.
TEST_F(CustomerScope, WhatAnotherCustomerHasIsWhatNobodyHas) {
  const std::string before = StateOf(tenant_->id, other_id_);
  const Names mine = Mine();
  int pairs = 0;
  for (const TenantDataRequest& request : TenantDataRequests()) {
    const MethodDescriptor* method = methods_->at(request.method);
    if (!IsForKeys(method)) continue;
    const Names absent = AbsentLike(*others_);
    for (const std::string& name : NamesIn(request, method)) {
      if (!others_->contains(name) || name == "${own}") continue;
      std::vector<std::string> said;
      for (const Names& of : {*others_, absent}) {
        Names names = mine;
        names[name] = of.at(name);
        const Answer answer = AskAsMine(request, &names);
        said.push_back(Describe(answer, names));
      }
      EXPECT_EQ(said[0], said[1]) << request.method << " with another's " << name;
      // Even those that were asked for by name are not in an answer, beyond being missing.
      for (const auto& [secret, value] : *others_) {
        if (secret == name) continue;
        EXPECT_THAT(said[0], Not(HasSubstr(value))) << request.method << " shows " << secret;
      }
      EXPECT_THAT(said[0], Not(HasSubstr(kOthersName))) << request.method;
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 45);
  EXPECT_EQ(StateOf(tenant_->id, other_id_), before);
}

TEST_F(CustomerScope, ListsAndExportsHaveOnesOwnAlone) {
  const Names mine = Mine();
  int lists = 0;
  for (const TenantDataRequest& request : TenantDataRequests()) {
    const MethodDescriptor* method = methods_->at(request.method);
    const bool lists_all = method->name().find("List") == 0 || method->name() == "ExportRecords" ||
                           method->name() == "GetCollection";
    if (request.of != Of::kCustomer || !lists_all) continue;
    Names names = mine;
    const Answer answer = AskAsMine(request, &names);
    ASSERT_TRUE(answer.ok()) << request.method << " answered " << answer.ToStatus();
    const std::string shown = Describe(answer, {});
    for (const auto& [secret, value] : *others_) {
      EXPECT_THAT(shown, Not(HasSubstr(value))) << request.method << " shows " << secret;
    }
    EXPECT_THAT(shown, Not(HasSubstr(kOthersName))) << request.method;
    ++lists;
  }
  EXPECT_GE(lists, 10);
}

TEST_F(CustomerScope, ASearchFindsNothingOfAnothers) {
  const std::string canary = others_->at("${canary}");
  tenantdata::v1::ListRecordsRequest list;
  list.set_collection("things");
  list.set_include_total(true);
  for (const std::string& filter :
       {StrCat("name = \"", canary, "\""), StrCat("name = \"", canary.substr(0, 12), "*\""),
        StrCat("name >= \"", canary, "\" AND name <= \"", canary, "\"")}) {
    list.set_filter(filter);
    const tenantdata::v1::ListRecordsResponse page = List(list);
    for (const auto& record : page.records()) EXPECT_EQ(record.customer_id(), mine_id_);
  }
  list.set_filter(StrCat("name = \"", canary, "\""));
  EXPECT_EQ(List(list).total_size(), 0);
  list.clear_filter();
  (*list.mutable_equals()->mutable_fields())["name"].set_string_value(canary);
  EXPECT_THAT(List(list).records(), IsEmpty());

  tenantdata::v1::BatchGetRecordsRequest get;
  get.add_record_ids(others_->at("${record}"));
  const auto got = AsOwner<Records>(*mine_, "tenant-data", &Records::Stub::BatchGetRecords, get);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT(got->records(), IsEmpty());
  EXPECT_THAT(got->missing(), ElementsAre(others_->at("${record}")));
}

// That a value which is unique in the tenant is taken shows, and no more of who has it.
TEST_F(CustomerScope, AnotherCustomersUniqueValueIsTakenAndNothingMore) {
  const std::string before = StateOf(tenant_->id, other_id_);
  tenantdata::v1::UpsertRecordRequest upsert;
  upsert.set_collection("things");
  upsert.set_unique_field("name");
  auto& values = *upsert.mutable_values()->mutable_fields();
  values["name"].set_string_value(others_->at("${canary}"));
  values["note"].set_string_value("mine now");
  const absl::Status refused =
      AsOwner<Records>(*mine_, "tenant-data", &Records::Stub::UpsertRecord, upsert).status();
  const std::vector<Violation> violations = DetailsOf(refused).violations;
  ASSERT_THAT(violations, SizeIs(1)) << refused;
  EXPECT_EQ(violations[0].field, "values.name");
  EXPECT_EQ(violations[0].rule, "UNIQUE");
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("rec_")));
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("cus_")));
  EXPECT_EQ(StateOf(tenant_->id, other_id_), before);
}

// With a key from before, everything that it could do until then is refused, reading included.
TEST_F(CustomerScope, ASuspendedCustomerIsRefusedOnEveryMethod) {
  std::string id;
  const TestTenant suspended = MakeLimited("suspended", "Suspended", &id);
  Names own = MakeThings(suspended);
  own["${customer}"] = id;
  own.insert(of_tenant_->begin(), of_tenant_->end());
  using Customers = tenantdata::v1::CustomerService;
  tenantdata::v1::SuspendCustomerRequest suspend;
  suspend.set_customer_id(id);
  ASSERT_TRUE(
      AsOwner<Customers>(*tenant_, "tenant-data", &Customers::Stub::SuspendCustomer, suspend).ok());
  const std::string before = StateOf(tenant_->id);
  for (const TenantDataRequest& request : TenantDataRequests()) {
    const MethodDescriptor* method = methods_->at(request.method);
    if (!IsForKeys(method)) continue;
    Names names = own;
    names.merge(FreshTexts());
    const Answer answer = AskFor(suspended, method, Fill(request, method, names));
    const absl::Status status = answer.ToStatus();
    // What is the tenant's is none of the customer's in the first place.
    const bool is_denied = request.of == Of::kTenant && ReasonOf(status) == "PERMISSION_DENIED";
    EXPECT_TRUE(is_denied || ReasonOf(status) == "CUSTOMER_SUSPENDED")
        << request.method << " answered " << status;
    EXPECT_THAT(answer.replies, IsEmpty()) << request.method;
  }
  EXPECT_EQ(StateOf(tenant_->id), before);
  // All of it was still there to be had.
  tenantdata::v1::ResumeCustomerRequest resume;
  resume.set_customer_id(id);
  ASSERT_TRUE(
      AsOwner<Customers>(*tenant_, "tenant-data", &Customers::Stub::ResumeCustomer, resume).ok());
  for (const char* name :
       {"RecordService.GetRecord", "FileService.DownloadFile", "FileService.TakeTransient"}) {
    const auto request =
        std::find_if(TenantDataRequests().begin(), TenantDataRequests().end(),
                     [&](const TenantDataRequest& candidate) { return candidate.method == name; });
    const MethodDescriptor* method = methods_->at(name);
    const Answer answer = AskFor(suspended, method, Fill(*request, method, own));
    EXPECT_TRUE(answer.ok()) << name << " answered " << answer.ToStatus();
  }
}

}  // namespace
}  // namespace kasbah::security_test
