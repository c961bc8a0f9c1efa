// What attackers write, in every string of every request that tenant-data takes, generated from the
// descriptors: one string after the other, the rest as a request has it that is served. Whatever
// comes of it, it is an answer that the service meant to give, nobody's data is touched, and no SQL
// is shown. What values become of it: hostile_values_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/security/answer.h"
#include "tests/security/estate.h"
#include "tests/security/hostile.h"
#include "tests/security/methods.h"
#include "tests/security/request_maker.h"
#include "tests/security/tenant_data_requests.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using system_test::System;
using system_test::TestTenant;
using ::testing::IsSupersetOf;

// A place of a string in a request, with a way to set it.
struct Place {
  std::string path;
  std::function<void(Message*, const std::string&)> set;
};

using Reach = std::function<Message*(Message*)>;

void AddPlaces(const google::protobuf::Descriptor* type, const std::string& prefix,
               const Reach& reach, int depth, std::vector<Place>* places) {
  if (depth > 3) return;
  if (type == google::protobuf::Struct::descriptor()) {
    places->push_back({StrCat(prefix, "note"), [=](Message* root, const std::string& text) {
                         auto* values = dynamic_cast<google::protobuf::Struct*>(reach(root));
                         (*values->mutable_fields())["note"].set_string_value(text);
                       }});
    // As the name of a value.
    places->push_back({StrCat(prefix, "*"), [=](Message* root, const std::string& text) {
                         auto* values = dynamic_cast<google::protobuf::Struct*>(reach(root));
                         (*values->mutable_fields())[text].set_string_value("x");
                       }});
    return;
  }
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

// tenant-data's own, and those that every service serves.
std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (const MethodDescriptor* method : AllMethods()) {
    const std::string& package = method->file()->package();
    const bool is_shared = package == "kasbah.subject.v1" || package == "kasbah.usage.v1" ||
                           package == "kasbah.ciphertexts.v1";
    if (is_shared || ServerOf(method) == "tenant-data") methods.push_back(method);
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
    own_ = new Names(DefineCollections(*attacker_));
    own_->merge(MakeThingsOfTenant(*attacker_));
    (*own_)["${customer}"] = MakeCustomer(*attacker_, "c-1", "Customer");
    (*own_)["${move}"] = MoveId::New(absl::Now()).ToString();
    redefined_ = new TestTenant(System::Get().CreateTenant("injection-redefined"));
    redefinable_ = new Names(DefineCollections(*redefined_));
    DefineCollections(*victim_);
    MakeThings(*victim_);
    MakeThingsOfTenant(*victim_);
    MakeCustomer(*victim_, "c-1", "Customer");
  }

  // Whose call it is: what ends a tenant's life or changes its definitions would be in the way of
  // the rest.
  static const TestTenant& TenantFor(const MethodDescriptor* method) {
    if (ChangesDefinitions(method)) return *redefined_;
    const bool ends = method->service()->name() == "TenantService" ||
                      method->name().find("Erase") != std::string::npos ||
                      method->name() == "StartTenantErasure";
    return ends ? *throwaway_ : *attacker_;
  }
  static bool ChangesDefinitions(const MethodDescriptor* method) {
    return method->service()->name() == "CollectionService" &&
           !LetsIn(method, policy::v1::ACTOR_KIND_API_KEY);
  }
  // So that a change is not stopped for what another has changed before it.
  static void SetEtag(const std::string& collection, Message* message) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName("etag");
    if (field == nullptr) return;
    using Collections = tenantdata::v1::CollectionService;
    tenantdata::v1::GetCollectionRequest get;
    get.set_collection(collection);
    const auto found = system_test::AsOperator<Collections>(redefined_->id, "tenant-data",
                                                            &Collections::Stub::GetCollection, get);
    ASSERT_TRUE(found.ok()) << found.status();
    message->GetReflection()->SetString(message, field, found->etag());
  }

  // As whoever the method lets in: an operator, a service, or the attacker's own key.
  static Answer Call(const MethodDescriptor* method, const Messages& messages) {
    const auto& access = method->options().GetExtension(policy::v1::access);
    const TestTenant& tenant = TenantFor(method);
    System& system = System::Get();
    auto context = access.scope() == policy::v1::SCOPE_SYSTEM ? System::Context()
                                                              : System::ContextFor(tenant.id);
    std::string certificate = system.CertificateOf(dev::kOperator);
    if (!LetsIn(method, policy::v1::ACTOR_KIND_OPERATOR)) {
      if (LetsIn(method, policy::v1::ACTOR_KIND_API_KEY)) {
        context = system.OwnerContext(tenant);
        certificate = tenant.certificate_directory;
      } else {
        const std::string& peer = access.peers(0);
        certificate = system.CertificateOf(peer.substr(peer.find('/') + 1));
      }
    }
    return Ask(system.Channel("tenant-data", certificate), context.get(), method, messages);
  }
  // The requests of a method that are served; where none are told, one that its rules let pass.
  static std::vector<TenantDataRequest> RequestsOf(const MethodDescriptor* method) {
    std::vector<TenantDataRequest> requests;
    for (const TenantDataRequest& request : TenantDataRequests()) {
      if (request.method == NameOf(method)) requests.push_back(request);
    }
    return requests;
  }

  static void ExpectMeant(const Answer& answer, const std::string& what, const std::string& text) {
    const absl::Status status = answer.ToStatus();
    EXPECT_TRUE(answer.ok() || !ReasonOf(status).empty())
        << what << " answered " << status << " to " << text;
    EXPECT_NE(ReasonOf(status), "INTERNAL") << what << " to " << text;
    for (const char* word : kSqlWords) {
      EXPECT_EQ(status.ToString().find(word), std::string::npos) << what << ": " << status;
    }
  }

  static TestTenant* attacker_;
  static TestTenant* throwaway_;
  static TestTenant* victim_;
  static TestTenant* redefined_;
  static Names* own_;
  static Names* redefinable_;
};
TestTenant* Injection::attacker_ = nullptr;
TestTenant* Injection::throwaway_ = nullptr;
TestTenant* Injection::victim_ = nullptr;
TestTenant* Injection::redefined_ = nullptr;
Names* Injection::own_ = nullptr;
Names* Injection::redefinable_ = nullptr;

TEST_F(Injection, AnyStringOfAnyRequestIsDataAndNothingElse) {
  const std::string before = StateOf(victim_->id);
  int calls = 0;
  int served = 0;
  std::set<std::string> places_seen;
  std::set<std::string> places_served;
  for (const MethodDescriptor* method : Methods()) {
    std::vector<Place> places;
    AddPlaces(
        method->input_type(), "", [](Message* root) { return root; }, 0, &places);
    if (places.empty()) continue;
    std::vector<TenantDataRequest> requests = RequestsOf(method);
    const bool is_told = !requests.empty();
    if (!is_told) requests.push_back({NameOf(method), Of::kTenant, {}});
    for (const TenantDataRequest& request : requests) {
      Names names = is_told ? MakeThings(*attacker_) : Names();
      if (ChangesDefinitions(method)) names = *redefinable_;
      names.insert(own_->begin(), own_->end());
      for (const Place& place : places) {
        places_seen.insert(StrCat(method->full_name(), ".", place.path));
        for (const std::string& text : HostileTexts()) {
          Names with_fresh = FreshTexts();
          with_fresh.insert(names.begin(), names.end());
          Messages messages = Fill(request, method, with_fresh);
          if (!is_told) messages.push_back(MakeRequest(method->input_type()));
          if (ChangesDefinitions(method)) SetEtag(names.at("${collection}"), messages[0].get());
          place.set(messages[0].get(), text);
          const Answer answer = Call(method, messages);
          ExpectMeant(answer, StrCat(method->full_name(), " ", place.path), text);
          ++calls;
          served += answer.ok();
          if (answer.ok()) places_served.insert(StrCat(NameOf(method), ".", place.path));
        }
      }
    }
  }
  EXPECT_GT(places_seen.size(), 150u);
  // Not all of it is stopped at the door: what is text to the service reaches the database.
  EXPECT_GT(served, 400);
  EXPECT_THAT(
      places_served,
      IsSupersetOf(
          {"CollectionService.UpdateCollection.fields.display_name",
           "CustomerService.CreateCustomer.external_id", "FileService.UploadFile.metadata.name",
           "FileService.UploadFile.metadata.subject", "RecordService.CreateRecord.subject_id",
           "RecordService.CreateRecord.values.note", "RecordService.ListRecords.equals.note",
           "RecordService.UpdateRecord.values.note", "RecordService.UpsertRecord.values.note",
           "RightsService.StartSubjectErasure.subject", "SubjectService.ExportSubject.subject.id",
           "TenantService.SuspendTenant.reason"}));
  printf("%d calls, %d of them served, %d strings\n", calls, served,
         static_cast<int>(places_seen.size()));
  EXPECT_EQ(StateOf(victim_->id), before);
  EXPECT_EQ(System::Get().Logs().find("syntax error"), std::string::npos);
}

TEST_F(Injection, HeadersAreDataAndNothingElse) {
  const std::string before = StateOf(victim_->id);
  Names names = MakeThings(*attacker_);
  names.insert(own_->begin(), own_->end());
  std::map<std::string, const MethodDescriptor*> methods;
  for (const MethodDescriptor* method : Methods()) methods[NameOf(method)] = method;
  for (const char* header : {"kasbah-tenant", "kasbah-customer", "x-request-id", "traceparent"}) {
    for (const std::string& text : HostileTexts()) {
      // What gRPC lets a header be.
      const auto is_sent = [](char c) { return c >= 0x20 && c <= 0x7E; };
      if (!std::all_of(text.begin(), text.end(), is_sent)) continue;
      const auto send = [&](const std::string& called, std::unique_ptr<grpc::ClientContext> context,
                            const std::string& certificate) {
        const MethodDescriptor* method = methods.at(called);
        const auto request = std::find_if(
            TenantDataRequests().begin(), TenantDataRequests().end(),
            [&](const TenantDataRequest& candidate) { return candidate.method == called; });
        context->AddMetadata(header, text);
        const auto channel = System::Get().Channel("tenant-data", certificate);
        const Answer answer = Ask(channel, context.get(), method, Fill(*request, method, names));
        ExpectMeant(answer, StrCat(called, " with ", header), text);
        return answer.ok();
      };
      const bool written =
          send("RecordService.UpdateRecord", System::Get().OwnerContext(*attacker_),
               attacker_->certificate_directory);
      // Whose a call is cannot be said in words; how it is followed up does not matter to it.
      const bool says_whose = std::string(header).find("kasbah-") == 0;
      EXPECT_EQ(written, !says_whose) << header << ": " << text;
      const bool read = send("CollectionService.GetCollection",
                             says_whose ? System::Context() : System::ContextFor(attacker_->id),
                             System::Get().CertificateOf(dev::kOperator));
      EXPECT_EQ(read, !says_whose) << header << ": " << text;
    }
  }
  EXPECT_EQ(StateOf(victim_->id), before);
  EXPECT_EQ(System::Get().Logs().find("syntax error"), std::string::npos);
}

}  // namespace
}  // namespace kasbah::security_test
