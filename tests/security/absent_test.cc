// What another tenant has is what nobody has: every id of every request of tenant-data in turn,
// also in lists, in values that refer to records and files, in filters and in imported lines. Asked
// with the id of something that another tenant has and with one that was made up just then,
// everything that comes back is the same: code, message, details, trailers and reply.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kasbah/policy/v1/policy.pb.h"
#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/security/answer.h"
#include "tests/security/estate.h"
#include "tests/security/methods.h"
#include "tests/security/tenant_data_requests.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using system_test::AsOperator;
using system_test::System;
using system_test::TestTenant;
using ::testing::HasSubstr;
using ::testing::Not;

// What may be asked for by key as well, or by id alone where keys are everybody's own.
bool IsId(const FieldDescriptor* field) {
  return !field->options().GetExtension(policy::v1::field).id().empty() ||
         field->name() == "collection" || field->name() == "reference_collection";
}

// "values.ref" is below a Struct, which any request's own rules say nothing of.
void AddIdFields(const Descriptor* type, int depth, std::set<std::string>* fields) {
  if (depth > 3) return;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (IsId(field)) fields->insert(field->full_name());
    if (field->message_type() != nullptr) AddIdFields(field->message_type(), depth + 1, fields);
  }
}

class Absent : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    System::AskForNoRateLimits();
    System::AskForShards({"elsewhere"});
    asker_ = new TestTenant(System::Get().CreateTenant("absent-asker"));
    owner_ = new TestTenant(System::Get().CreateTenant("absent-owner"));
    own_ = new Names(Everything(*asker_));
    foreign_ = new Names(Everything(*owner_));
    (*foreign_)["${move}"] = Move();
    for (const MethodDescriptor* method : AllMethods()) {
      if (ServerOf(method) == "tenant-data") methods_[NameOf(method)] = method;
    }
  }
  static Names Everything(const TestTenant& tenant) {
    Names names = DefineCollections(tenant);
    names.merge(MakeThings(tenant));
    names.merge(MakeThingsOfTenant(tenant));
    names["${customer}"] = MakeCustomer(tenant, "c-1", "Customer");
    return names;
  }
  // Of a tenant of its own, since what was moved is in another database.
  static std::string Move() {
    const TestTenant tenant = System::Get().CreateTenant("absent-moved");
    using Placement = tenantdata::v1::PlacementService;
    tenantdata::v1::StartMoveRequest start;
    start.set_target("elsewhere");
    const auto move =
        AsOperator<Placement>(tenant.id, "tenant-data", &Placement::Stub::StartMove, start);
    EXPECT_TRUE(move.ok()) << move.status();
    return move.ok() ? move->move_id() : "";
  }

  static TestTenant* asker_;
  static TestTenant* owner_;
  static Names* own_;
  static Names* foreign_;
  static std::map<std::string, const MethodDescriptor*>& methods_;
};
TestTenant* Absent::asker_ = nullptr;
TestTenant* Absent::owner_ = nullptr;
Names* Absent::own_ = nullptr;
Names* Absent::foreign_ = nullptr;
std::map<std::string, const MethodDescriptor*>& Absent::methods_ =
    *new std::map<std::string, const MethodDescriptor*>;

TEST_F(Absent, EveryIdOfEveryMethodStandsInARequest) {
  std::map<std::string, std::set<std::string>> named;
  for (const TenantDataRequest& request : TenantDataRequests()) {
    const Messages messages = Fill(request, methods_.at(request.method), {});
    for (const auto& message : messages) {
      ReplaceTexts(message.get(), [&](const FieldDescriptor* field, const std::string& text) {
        if (text.find("${") == 0) named[request.method].insert(field->full_name());
        return text;
      });
    }
  }
  int ids = 0;
  for (const auto& [name, method] : methods_) {
    // Of what is never stored nothing may be said.
    if (name == "FileService.UploadTransient") continue;
    std::set<std::string> fields;
    AddIdFields(method->input_type(), 0, &fields);
    for (const std::string& field : fields) {
      ++ids;
      EXPECT_TRUE(named[name].contains(field)) << name << " is never asked with a " << field;
    }
  }
  EXPECT_GT(ids, 40);
}

TEST_F(Absent, WhatAnotherTenantHasIsWhatNobodyHas) {
  const std::string before = StateOf(owner_->id);
  ASSERT_THAT(before, HasSubstr("tenant_data.records 3 "));
  std::set<std::string> asked;
  for (const TenantDataRequest& request : TenantDataRequests()) {
    const MethodDescriptor* method = methods_.at(request.method);
    const Names absent = AbsentLike(*foreign_);
    for (const std::string& name : NamesIn(request, method)) {
      if (!foreign_->contains(name) || name == "${own}") continue;
      std::vector<std::string> said;
      for (const Names& of : {*foreign_, absent}) {
        Names names = *own_;
        names[name] = of.at(name);
        names.merge(FreshTexts());
        said.push_back(Describe(AskFor(*asker_, method, Fill(request, method, names)), names));
      }
      EXPECT_EQ(said[0], said[1]) << request.method << " with another's " << name;
      for (const auto& [secret, value] : *foreign_) {
        if (secret == name) continue;
        EXPECT_THAT(said[0], Not(HasSubstr(value))) << request.method << " shows " << secret;
      }
      asked.insert(StrCat(request.method, " ", name));
    }
  }
  EXPECT_GT(asked.size(), 60u);
  EXPECT_EQ(StateOf(owner_->id), before);
}

// The same requests with the asker's own are served: it is the ids that they fail for.
TEST_F(Absent, OnesOwnIsServed) {
  int served = 0;
  for (const TenantDataRequest& request : TenantDataRequests()) {
    const MethodDescriptor* method = methods_.at(request.method);
    if (request.of != Of::kCustomer) continue;
    Names names = MakeThings(*asker_);
    names.insert(own_->begin(), own_->end());
    names.merge(FreshTexts());
    const Answer answer = AskFor(*asker_, method, Fill(request, method, names));
    EXPECT_TRUE(answer.ok()) << request.method << " answered " << answer.ToStatus();
    ++served;
  }
  EXPECT_GE(served, 40);
}

}  // namespace
}  // namespace kasbah::security_test
