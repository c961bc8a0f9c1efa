// What attackers write, in every string of every request of tenant-data, generated from the
// descriptors: one string after the other, the rest as a good request has it. Whatever comes of it,
// it is an answer that the service meant to give, nobody's data is touched, and no SQL is shown.

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "kasbah/policy/v1/policy.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.pb.h"
#include "kasbah/tenantdata/v1/files.pb.h"
#include "kasbah/tenantdata/v1/placement.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/rights.pb.h"
#include "kasbah/tenantdata/v1/tenants.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/security/raw_call.h"
#include "tests/security/request_maker.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using Records = tenantdata::v1::RecordService;

const std::vector<std::string>& Hostile() {
  static const auto* texts = new std::vector<std::string>{
      "x'; DROP TABLE tenant_data.records; --",
      "' OR '1'='1",
      "$1",
      "\\'; SELECT core.enter('00000000-0000-0000-0000-000000000000', 'all'); --",
      "x'::uuid) UNION SELECT * FROM core.tenants --",
      "%' AND pg_sleep(30) IS NULL --",
      "{x,\"y\",NULL}",
      "../../../../etc/passwd",
      "%s%n%p {{7*7}} ${jndi:ldap://127.0.0.1/x}",
      std::string("a\0b", 3),
      "\xE2\x80\xAE\xEF\xBB\xBF\xF0\x9F\x87\xA8",
      std::string(900, '(')};
  return *texts;
}

// Every place of a string in a request, each with a way to set it.
struct Place {
  std::string path;
  std::function<void(Message*, const std::string&)> set;
};

using Reach = std::function<Message*(Message*)>;

void AddPlaces(const google::protobuf::Descriptor* type, const std::string& prefix,
               const Reach& reach, int depth, std::vector<Place>* places) {
  if (depth > 3) return;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const std::string path = StrCat(prefix, field->name());
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      places->push_back({path, [=](Message* root, const std::string& text) {
                           Message* message = reach(root);
                           const auto* reflection = message->GetReflection();
                           if (!field->is_repeated()) {
                             reflection->SetString(message, field, text);
                           } else if (reflection->FieldSize(*message, field) > 0) {
                             reflection->SetRepeatedString(message, field, 0, text);
                           } else {
                             reflection->AddString(message, field, text);
                           }
                         }});
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Reach into = [=](Message* root) {
        Message* message = reach(root);
        const auto* reflection = message->GetReflection();
        if (!field->is_repeated()) return reflection->MutableMessage(message, field);
        if (reflection->FieldSize(*message, field) == 0) reflection->AddMessage(message, field);
        return reflection->MutableRepeatedMessage(message, field, 0);
      };
      AddPlaces(field->message_type(), path + ".", into, depth + 1, places);
    }
  }
}

std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* file :
       {tenantdata::v1::Tenant::descriptor()->file(), tenantdata::v1::Domain::descriptor()->file(),
        tenantdata::v1::Collection::descriptor()->file(),
        tenantdata::v1::Record::descriptor()->file(), tenantdata::v1::File::descriptor()->file(),
        tenantdata::v1::RightsOperation::descriptor()->file(),
        tenantdata::v1::Move::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

class Injection : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    System::AskForNoRateLimits();
    attacker_ = new TestTenant(System::Get().CreateTenant("injection-attacker"));
    throwaway_ = new TestTenant(System::Get().CreateTenant("injection-throwaway"));
    victim_ = new TestTenant(System::Get().CreateTenant("injection-victim"));
    for (const TestTenant* tenant : {attacker_, victim_}) {
      tenantdata::v1::CreateCollectionRequest define;
      // What generated requests name.
      define.set_key("absent");
      for (const char* key : {"absent", "x"}) {
        auto* field = define.add_fields();
        field->set_key(key);
        field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
        field->set_indexed(true);
        field->set_unique(true);
      }
      using Collections = tenantdata::v1::CollectionService;
      ASSERT_TRUE(AsOperator<Collections>(tenant->id, "tenant-data",
                                          &Collections::Stub::CreateCollection, define)
                      .ok());
    }
    tenantdata::v1::CreateRecordRequest create;
    create.set_collection("absent");
    (*create.mutable_values()->mutable_fields())["x"].set_string_value("the victim's");
    ASSERT_TRUE(
        AsOwner<Records>(*victim_, "tenant-data", &Records::Stub::CreateRecord, create).ok());
  }

  // As whoever the method lets in: an operator, or the attacker's own key.
  static absl::Status Call(const MethodDescriptor* method, const Message& request) {
    const auto& access = method->options().GetExtension(policy::v1::access);
    bool takes_operators = false;
    for (const int actor : access.actors()) {
      takes_operators |= actor == policy::v1::ACTOR_KIND_OPERATOR;
    }
    // Those that end a tenant's life end this one's.
    const bool is_of_tenants = method->service()->name() == "TenantService";
    const TestTenant& tenant = is_of_tenants ? *throwaway_ : *attacker_;
    auto context = !takes_operators                             ? System::Get().OwnerContext(tenant)
                   : access.scope() == policy::v1::SCOPE_SYSTEM ? System::Context()
                                                                : System::ContextFor(tenant.id);
    const auto channel = takes_operators
                             ? System::Get().OperatorChannel("tenant-data")
                             : System::Get().Channel("tenant-data", tenant.certificate_directory);
    return RawCall(channel, context.get(),
                   StrCat("/", method->service()->full_name(), "/", method->name()), request);
  }

  // What the victim has, all of it.
  static std::string Victims() {
    const std::string id = victim_->id.uuid().ToString();
    return System::Get().QueryValue(StrCat(
        "SELECT md5(string_agg(t, '|' ORDER BY t)) FROM (SELECT r::text AS t FROM "
        "tenant_data.records r WHERE tenant_id = '",
        id, "' UNION ALL SELECT c::text FROM tenant_data.collections c WHERE tenant_id = '", id,
        "' UNION ALL SELECT c::text FROM core.tenants c WHERE tenant_id = '", id, "') all_of_it"));
  }

  static TestTenant* attacker_;
  static TestTenant* throwaway_;
  static TestTenant* victim_;
};
TestTenant* Injection::attacker_ = nullptr;
TestTenant* Injection::throwaway_ = nullptr;
TestTenant* Injection::victim_ = nullptr;

TEST_F(Injection, AnyStringOfAnyRequestIsDataAndNothingElse) {
  const std::string before = Victims();
  int calls = 0;
  std::set<std::string> places_seen;
  for (const MethodDescriptor* method : Methods()) {
    std::vector<Place> places;
    AddPlaces(
        method->input_type(), "", [](Message* root) { return root; }, 0, &places);
    for (const Place& place : places) {
      places_seen.insert(StrCat(method->full_name(), ".", place.path));
      for (const std::string& text : Hostile()) {
        const auto request = MakeRequest(method->input_type());
        place.set(request.get(), text);
        const absl::Status answer = Call(method, *request);
        ++calls;
        const std::string said(answer.ToString());
        EXPECT_TRUE(answer.ok() || !ReasonOf(answer).empty())
            << method->full_name() << " " << place.path << " answered " << said << " to " << text;
        for (const char* word : {"syntax error", "SELECT ", "tenant_data.", "pg_catalog"}) {
          EXPECT_EQ(StrCat(said).find(word), std::string::npos)
              << method->full_name() << " " << place.path << ": " << said;
        }
      }
    }
  }
  EXPECT_GT(places_seen.size(), 100u);
  printf("%d calls, %d strings\n", calls, static_cast<int>(places_seen.size()));
  EXPECT_EQ(Victims(), before);
  EXPECT_EQ(System::Get().Logs().find("syntax error"), std::string::npos);
}

}  // namespace
}  // namespace kasbah::security_test
