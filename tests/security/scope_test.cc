// A caller of one customer, on every method of tenant-data that lets API keys in, generated from
// the descriptors: each request names what another customer of the same tenant has. It is absent to
// the caller, no answer shows anything of it, and nothing of it changes.

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kasbah/policy/v1/policy.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/rights.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
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
using Collections = tenantdata::v1::CollectionService;
using Customers = tenantdata::v1::CustomerService;
using Files = tenantdata::v1::FileService;
using Records = tenantdata::v1::RecordService;

constexpr char kCanary[] = "canary-of-the-other-customer";

class CustomerScope : public ::testing::Test {
 protected:
  CustomerScope() : tenant_(System::Get().CreateTenant("customer-scope")) {
    const std::string mine = MakeCustomer("mine", "mine");
    ids_["cus"] = MakeCustomer("other", kCanary);
    key_ = System::Get().CreateApiKey(tenant_.id, auth::v1::ROLE_OWNER, mine);
    tenantdata::v1::CreateCollectionRequest define;
    // What generated requests name.
    define.set_key("absent");
    auto* field = define.add_fields();
    field->set_key("absent");
    field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
    field->set_indexed(true);
    field->set_unique(true);
    const auto collection = AsOperator<Collections>(tenant_.id, "tenant-data",
                                                    &Collections::Stub::CreateCollection, define);
    EXPECT_TRUE(collection.ok()) << collection.status();
    ids_["col"] = collection->collection_id();
    tenantdata::v1::CreateRecordRequest create;
    create.set_collection("absent");
    create.set_customer_id(ids_["cus"]);
    (*create.mutable_values()->mutable_fields())["absent"].set_string_value(kCanary);
    const auto record =
        AsOwner<Records>(tenant_, "tenant-data", &Records::Stub::CreateRecord, create);
    EXPECT_TRUE(record.ok()) << record.status();
    ids_["rec"] = record->record_id();
    ids_["fil"] = UploadFile();
    tenantdata::v1::CreateDomainRequest claim;
    claim.set_host("scope.customer-scope-test.com");
    using Domains = tenantdata::v1::DomainService;
    const auto domain =
        AsOwner<Domains>(tenant_, "tenant-data", &Domains::Stub::CreateDomain, claim);
    if (domain.ok()) ids_["dom"] = domain->domain_id();
  }

  std::string MakeCustomer(const std::string& external_id, const std::string& name) {
    tenantdata::v1::CreateCustomerRequest request;
    request.set_external_id(external_id);
    request.set_display_name(name);
    const auto made =
        AsOwner<Customers>(tenant_, "tenant-data", &Customers::Stub::CreateCustomer, request);
    EXPECT_TRUE(made.ok()) << made.status();
    return made->customer_id();
  }
  std::string UploadFile() {
    const auto stub =
        Files::NewStub(System::Get().Channel("tenant-data", tenant_.certificate_directory));
    const auto context = System::Get().OwnerContext(tenant_);
    tenantdata::v1::File file;
    const auto writer = stub->UploadFile(context.get(), &file);
    tenantdata::v1::UploadFileRequest message;
    message.mutable_metadata()->set_name(kCanary);
    message.mutable_metadata()->set_size(1);
    message.mutable_metadata()->set_customer_id(ids_["cus"]);
    message.set_chunk("x");
    writer->Write(message);
    writer->WritesDone();
    EXPECT_TRUE(writer->Finish().ok());
    return file.file_id();
  }

  // Ids in place of those that a generated request made up; whether there were any of rows that
  // have a customer.
  bool NameOthers(Message* message) {
    bool names_others = false;
    const auto* reflection = message->GetReflection();
    for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message->GetDescriptor()->field(i);
      const std::string& prefix = field->options().GetExtension(policy::v1::field).id();
      if (field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (field->message_type() == google::protobuf::Struct::descriptor()) {
        auto* values =
            dynamic_cast<google::protobuf::Struct*>(reflection->MutableMessage(message, field));
        (*values->mutable_fields())["absent"].set_string_value("mine");
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        if (reflection->HasField(*message, field)) {
          names_others |= NameOthers(reflection->MutableMessage(message, field));
        }
      } else if (ids_.contains(prefix)) {
        if (field->is_repeated()) {
          reflection->SetRepeatedString(message, field, 0, ids_[prefix]);
        } else {
          reflection->SetString(message, field, ids_[prefix]);
        }
        names_others |= prefix != "col" && !field->is_repeated();
      }
    }
    return names_others;
  }

  absl::Status Call(const MethodDescriptor* method, const Message& request, std::string* reply) {
    const auto assertion = System::Get().Resolve(key_, tenant_.certificate_directory);
    EXPECT_TRUE(assertion.ok()) << assertion.status();
    auto context = System::Context();
    context->AddMetadata("authorization", StrCat("Bearer ", *assertion));
    return RawCall(System::Get().Channel("tenant-data", tenant_.certificate_directory),
                   context.get(), StrCat("/", method->service()->full_name(), "/", method->name()),
                   request, reply);
  }

  // All that the other customer has.
  std::string Others() {
    const std::string other = CustomerId::Parse(ids_["cus"])->uuid().ToString();
    std::string all;
    for (const char* table : {"customers", "records", "record_history", "record_index",
                              "record_unique", "files", "file_references"}) {
      absl::StrAppend(&all, System::Get().QueryValue(
                                StrCat("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM "
                                       "tenant_data.",
                                       table, " t WHERE customer_id = '", other, "'")));
    }
    return all;
  }

  std::map<std::string, std::string> ids_;
  std::string key_;
  TestTenant tenant_;
};

TEST_F(CustomerScope, WhatAnotherCustomerHasIsAbsentOnEveryMethod) {
  const std::string before = Others();
  int methods = 0;
  for (const auto* file :
       {tenantdata::v1::Tenant::descriptor()->file(), tenantdata::v1::Domain::descriptor()->file(),
        tenantdata::v1::Collection::descriptor()->file(),
        tenantdata::v1::Record::descriptor()->file(), tenantdata::v1::File::descriptor()->file(),
        tenantdata::v1::RightsOperation::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const MethodDescriptor* method = file->service(s)->method(m);
        const auto& access = method->options().GetExtension(policy::v1::access);
        bool lets_keys_in = false;
        for (const int actor : access.actors()) {
          lets_keys_in |= actor == policy::v1::ACTOR_KIND_API_KEY;
        }
        if (!lets_keys_in) continue;
        ++methods;
        const auto request = MakeRequest(method->input_type());
        const bool names_others = NameOthers(request.get());
        std::string reply;
        const absl::Status answer = Call(method, *request, &reply);
        if (names_others) {
          // A list of what another's record has is empty.
          const bool is_absent = answer.ok()
                                     ? reply.empty()
                                     : absl::IsNotFound(answer) || absl::IsPermissionDenied(answer);
          EXPECT_TRUE(is_absent) << method->full_name() << " answered " << answer;
        }
        for (const std::string& secret : {std::string(kCanary), ids_["rec"], ids_["fil"]}) {
          // What it asked for by name it may be told that there is not.
          if (request->DebugString().find(secret) != std::string::npos) continue;
          EXPECT_EQ(reply.find(secret), std::string::npos) << method->full_name();
        }
        EXPECT_EQ(reply.find(kCanary), std::string::npos) << method->full_name();
        EXPECT_EQ(answer.ToString().find(kCanary), std::string::npos) << method->full_name();
      }
    }
  }
  EXPECT_GT(methods, 30);
  EXPECT_EQ(Others(), before);
}

}  // namespace
}  // namespace kasbah::security_test
