// Canaries: values that must never be seen again outside the one place that may show them. They go
// in wherever a secret can, over good calls and bad ones; then every log line, every error, the
// audit trail, the events and the webhook bodies are searched for them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using system_test::System;
using system_test::TestTenant;

class Leaks : public ::testing::Test {
 protected:
  Leaks() : tenant_(System::Get().CreateTenant(StrCat("leaks-", ++tenants_))) {}

  // Every error that a call of this test got, with all its details.
  template <typename Stub, typename Request, typename Reply>
  bool Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
            const Request& request, Reply* reply) {
    auto context = System::Get().OwnerContext(tenant_);
    const grpc::Status status = (stub.*method)(context.get(), request, reply);
    if (!status.ok()) errors_ += status.error_message() + status.error_details() + "\n";
    for (const auto& [name, value] : context->GetServerTrailingMetadata()) {
      errors_.append(value.data(), value.size());
    }
    return status.ok();
  }
  std::shared_ptr<grpc::Channel> As(const std::string& service) {
    return System::Get().Channel(service, tenant_.certificate_directory);
  }
  // Everything that was stored for others to read, as text.
  std::string Stored() {
    System& system = System::Get();
    return system.QueryValue(
               "SELECT string_agg(convert_from(body, 'SQL_ASCII'), '') FROM audit.event") +
           system.QueryValue(
               "SELECT string_agg(encode(payload, 'escape'), '') FROM "
               "(SELECT payload FROM vault.outbox UNION ALL SELECT payload FROM "
               "tenant_data.outbox UNION ALL SELECT payload FROM webhook.outbox UNION ALL "
               "SELECT payload FROM auth.outbox) t") +
           system.QueryValue("SELECT string_agg(encode(body, 'escape'), '') FROM webhook.messages");
  }
  void ExpectNowhere(const std::string& canary, bool in_stored_too = true) {
    EXPECT_EQ(errors_.find(canary), errors_.npos) << "in an error: " << canary;
    EXPECT_EQ(System::Get().Logs().find(canary), std::string::npos) << "in the logs: " << canary;
    if (in_stored_too) {
      EXPECT_EQ(Stored().find(canary), std::string::npos) << "stored: " << canary;
    }
  }

  static int tenants_;
  TestTenant tenant_;
  std::string errors_;
};
int Leaks::tenants_ = 0;

TEST_F(Leaks, ASecretIsSeenByItsReaderAlone) {
  const std::string canary = "canary-payload-7Qw2";
  auto stub = vault::v1::SecretService::NewStub(As("vault"));
  using Stub = vault::v1::SecretService::Stub;
  vault::v1::CreateSecretRequest create;
  create.set_path("leaks/payload");
  vault::v1::Secret secret;
  ASSERT_TRUE(Call(*stub, &Stub::CreateSecret, create, &secret));
  vault::v1::AddSecretVersionRequest add;
  add.set_secret(secret.secret_id());
  add.set_payload(canary);
  vault::v1::SecretVersion version;
  ASSERT_TRUE(Call(*stub, &Stub::AddSecretVersion, add, &version));

  // Refused for a checksum, an etag, a size, a name: the payload is in each request.
  add.set_payload_crc32c(1);
  EXPECT_FALSE(Call(*stub, &Stub::AddSecretVersion, add, &version));
  add.clear_payload_crc32c();
  add.set_etag("stale");
  EXPECT_FALSE(Call(*stub, &Stub::AddSecretVersion, add, &version));
  add.clear_etag();
  add.set_secret("leaks/absent");
  EXPECT_FALSE(Call(*stub, &Stub::AddSecretVersion, add, &version));
  add.set_payload(canary + std::string(70'000, 'x'));
  EXPECT_FALSE(Call(*stub, &Stub::AddSecretVersion, add, &version));

  vault::v1::AccessSecretVersionRequest access;
  access.set_secret(secret.secret_id());
  vault::v1::AccessSecretVersionResponse value;
  ASSERT_TRUE(Call(*stub, &Stub::AccessSecretVersion, access, &value));
  EXPECT_EQ(value.payload(), canary);
  ExpectNowhere(canary);
}

TEST_F(Leaks, FieldValuesReachNoErrorAndNoLog) {
  const std::string open = "canary-open-field-8Zk";
  const std::string sealed = "canary-sealed-field-3Lp";
  auto collections =
      tenantdata::v1::CollectionService::NewStub(System::Get().OperatorChannel("tenant-data"));
  tenantdata::v1::CreateCollectionRequest define;
  define.set_key("leaks");
  auto* text = define.add_fields();
  text->set_key("open");
  text->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  text->set_pattern("[a-zA-Z0-9-]*");
  auto* hidden = define.add_fields();
  hidden->set_key("hidden");
  hidden->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  hidden->set_sealed(true);
  tenantdata::v1::Collection collection;
  auto operator_context = System::ContextFor(tenant_.id);
  ASSERT_TRUE(collections->CreateCollection(operator_context.get(), define, &collection).ok());

  auto records = tenantdata::v1::RecordService::NewStub(As("tenant-data"));
  using Stub = tenantdata::v1::RecordService::Stub;
  tenantdata::v1::CreateRecordRequest create;
  create.set_collection("leaks");
  (*create.mutable_values()->mutable_fields())["open"].set_string_value(open);
  (*create.mutable_values()->mutable_fields())["hidden"].set_string_value(sealed);
  tenantdata::v1::Record record;
  ASSERT_TRUE(Call(*records, &Stub::CreateRecord, create, &record));
  // A pattern, a type, an unknown field.
  (*create.mutable_values()->mutable_fields())["open"].set_string_value(open + " !");
  EXPECT_FALSE(Call(*records, &Stub::CreateRecord, create, &record));
  (*create.mutable_values()->mutable_fields())["hidden"].set_number_value(5);
  (*create.mutable_values()->mutable_fields())["other"].set_string_value(sealed);
  EXPECT_FALSE(Call(*records, &Stub::CreateRecord, create, &record));
  // Subscribers are sent open values: that is what events are for.
  ExpectNowhere(open, /*in_stored_too=*/false);
  ExpectNowhere(sealed);
}

TEST_F(Leaks, CredentialsReachNoErrorAndNoLog) {
  std::set<std::string> canaries{tenant_.owner_key};
  auto assertion = System::Get().Resolve(tenant_.owner_key, tenant_.certificate_directory);
  ASSERT_TRUE(assertion.ok());
  canaries.insert(*assertion);
  // Presented by the wrong workload, cut short, and as a key.
  auto records = tenantdata::v1::RecordService::NewStub(
      System::Get().Channel("tenant-data", System::Get().CertificateOf("gateway")));
  for (const std::string& token : {*assertion, assertion->substr(0, 40), tenant_.owner_key}) {
    auto context = System::Context();
    context->AddMetadata("authorization", StrCat("Bearer ", token));
    tenantdata::v1::Record record;
    tenantdata::v1::GetRecordRequest get;
    get.set_record_id(RecordId::New(absl::Now()).ToString());
    const grpc::Status status = records->GetRecord(context.get(), get, &record);
    EXPECT_FALSE(status.ok());
    errors_ += status.error_message() + status.error_details();
  }
  std::string wrong_key = tenant_.owner_key;
  wrong_key[20] = wrong_key[20] == 'a' ? 'b' : 'a';
  canaries.insert(wrong_key);
  EXPECT_FALSE(System::Get().Resolve(wrong_key, tenant_.certificate_directory).ok());

  auto endpoints = webhook::v1::EndpointService::NewStub(As("webhook"));
  webhook::v1::CreateEndpointRequest endpoint;
  endpoint.set_url("http://127.0.0.1:9/leaks");
  webhook::v1::CreateEndpointResponse made;
  ASSERT_TRUE(
      Call(*endpoints, &webhook::v1::EndpointService::Stub::CreateEndpoint, endpoint, &made));
  canaries.insert(made.secret());
  canaries.insert(made.secret().substr(6));
  for (const std::string& canary : canaries) ExpectNowhere(canary);
}

TEST_F(Leaks, NoSqlIsEverShown) {
  auto records = tenantdata::v1::RecordService::NewStub(As("tenant-data"));
  using Stub = tenantdata::v1::RecordService::Stub;
  tenantdata::v1::ListRecordsRequest list;
  tenantdata::v1::ListRecordsResponse page;
  for (const char* hostile : {"x'; DROP TABLE tenant_data.records; --", "\" OR 1=1", "$1"}) {
    list.set_collection(hostile);
    Call(*records, &Stub::ListRecords, list, &page);
    list.set_page_token(hostile);
    Call(*records, &Stub::ListRecords, list, &page);
  }
  for (const char* word : {"SELECT ", "INSERT INTO", "tenant_data.", "core.enter", "pg_catalog"}) {
    EXPECT_EQ(errors_.find(word), errors_.npos) << word;
    EXPECT_EQ(System::Get().Logs().find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace kasbah::security_test
