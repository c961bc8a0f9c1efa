#include "tests/security/estate.h"

#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/rights.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/security/methods.h"
#include "tests/system/or_die.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::MethodDescriptor;
using system_test::AsOperator;
using system_test::AsOwner;
using system_test::OrDie;
using system_test::System;
using system_test::TestTenant;
using Collections = tenantdata::v1::CollectionService;
using Customers = tenantdata::v1::CustomerService;
using Domains = tenantdata::v1::DomainService;
using Files = tenantdata::v1::FileService;
using Records = tenantdata::v1::RecordService;
using Rights = tenantdata::v1::RightsService;

std::string FreshText() {
  static int made = 0;
  return StrCat("text-", ++made, "-of-its-own");
}

void AddField(const char* key, tenantdata::v1::FieldType type,
              tenantdata::v1::CreateCollectionRequest* define) {
  auto* field = define->add_fields();
  field->set_key(key);
  field->set_type(type);
  field->set_indexed(true);
}

std::string MakeRecord(const TestTenant& tenant, const char* collection, const std::string& name) {
  tenantdata::v1::CreateRecordRequest create;
  create.set_collection(collection);
  (*create.mutable_values()->mutable_fields())["name"].set_string_value(name);
  return OrDie(AsOwner<Records>(tenant, "tenant-data", &Records::Stub::CreateRecord, create))
      .record_id();
}

template <typename Request, typename Reply>
std::string Upload(const TestTenant& tenant,
                   std::unique_ptr<grpc::ClientWriter<Request>> (Files::Stub::*method)(
                       grpc::ClientContext*, Reply*)) {
  const auto stub =
      Files::NewStub(System::Get().Channel("tenant-data", tenant.certificate_directory));
  const auto context = System::Get().OwnerContext(tenant);
  Reply file;
  const auto writer = (stub.get()->*method)(context.get(), &file);
  Request message;
  message.mutable_metadata()->set_name("a.txt");
  message.mutable_metadata()->set_size(1);
  message.set_chunk("x");
  writer->Write(message);
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) Crash(status.error_message(), __FILE__, __LINE__);
  return file.file_id();
}

}  // namespace

Names DefineCollections(const TestTenant& tenant) {
  const auto make = [&](const tenantdata::v1::CreateCollectionRequest& define) {
    return OrDie(AsOperator<Collections>(tenant.id, "tenant-data",
                                         &Collections::Stub::CreateCollection, define))
        .collection_id();
  };
  tenantdata::v1::CreateCollectionRequest targets;
  targets.set_key("targets");
  AddField("name", tenantdata::v1::FIELD_TYPE_TEXT, &targets);
  make(targets);
  tenantdata::v1::CreateCollectionRequest things;
  things.set_key("things");
  AddField("name", tenantdata::v1::FIELD_TYPE_TEXT, &things);
  things.mutable_fields(0)->set_unique(true);
  AddField("note", tenantdata::v1::FIELD_TYPE_TEXT, &things);
  AddField("ref", tenantdata::v1::FIELD_TYPE_REFERENCE, &things);
  things.mutable_fields(2)->set_reference_collection("targets");
  AddField("doc", tenantdata::v1::FIELD_TYPE_FILE, &things);
  return {{"${collection}", make(things)}};
}

std::string MakeCustomer(const TestTenant& tenant, const std::string& external_id,
                         const std::string& display_name) {
  tenantdata::v1::CreateCustomerRequest request;
  request.set_external_id(external_id);
  request.set_display_name(display_name);
  return OrDie(AsOwner<Customers>(tenant, "tenant-data", &Customers::Stub::CreateCustomer, request))
      .customer_id();
}

TestTenant LimitedTo(const TestTenant& tenant, const std::string& customer) {
  TestTenant limited = tenant;
  limited.owner_key = System::Get().CreateApiKey(tenant.id, auth::v1::ROLE_OWNER, customer);
  return limited;
}

Names MakeThings(const TestTenant& tenant) {
  Names names;
  names["${canary}"] = names["${own}"] = StrCat("canary-", FreshText());
  names["${record}"] = MakeRecord(tenant, "things", names["${canary}"]);
  names["${target}"] = MakeRecord(tenant, "targets", FreshText());
  names["${deleted}"] = MakeRecord(tenant, "things", FreshText());
  tenantdata::v1::DeleteRecordRequest remove;
  remove.set_record_id(names["${deleted}"]);
  OrDie(AsOwner<Records>(tenant, "tenant-data", &Records::Stub::DeleteRecord, remove));
  names["${file}"] = Upload<tenantdata::v1::UploadFileRequest, tenantdata::v1::File>(
      tenant, &Files::Stub::UploadFile);
  names["${transient}"] =
      Upload<tenantdata::v1::UploadTransientRequest, tenantdata::v1::TransientFile>(
          tenant, &Files::Stub::UploadTransient);
  return names;
}

Names MakeThingsOfTenant(const TestTenant& tenant) {
  Names names;
  tenantdata::v1::CreateDomainRequest claim;
  claim.set_host(StrCat(FreshText(), ".estate-of-tests.com"));
  names["${domain}"] =
      OrDie(AsOwner<Domains>(tenant, "tenant-data", &Domains::Stub::CreateDomain, claim))
          .domain_id();
  tenantdata::v1::StartSubjectExportRequest start;
  start.set_subject("nobody@example.com");
  names["${operation}"] =
      OrDie(AsOwner<Rights>(tenant, "tenant-data", &Rights::Stub::StartSubjectExport, start))
          .operation_id();
  // So that nothing of it moves any more.
  tenantdata::v1::GetRightsOperationRequest get;
  get.set_operation_id(names["${operation}"]);
  KASBAH_CHECK(system_test::WaitUntil(absl::Seconds(60), [&] {
    return OrDie(AsOwner<Rights>(tenant, "tenant-data", &Rights::Stub::GetRightsOperation, get))
        .done();
  }));
  return names;
}

Names AbsentLike(const Names& names) {
  Names absent;
  for (const auto& [name, value] : names) {
    const size_t end = value.rfind('_');
    absent[name] = end == std::string::npos ? FreshText()
                                            : kasbah::internal::FormatTypeId(value.substr(0, end),
                                                                             Uuid::V7(absl::Now()));
  }
  return absent;
}

Names FreshTexts() {
  const std::string text = FreshText();
  return {{"${text}", text},
          {"${key}", absl::StrReplaceAll(text, {{"-", "_"}})},
          {"${uuid}", Uuid::V7(absl::Now()).ToString()}};
}

bool LetsIn(const MethodDescriptor* method, int actor) {
  for (const int listed : method->options().GetExtension(policy::v1::access).actors()) {
    if (listed == actor) return true;
  }
  return false;
}

Answer AskFor(const TestTenant& tenant, const MethodDescriptor* method, const Messages& messages) {
  System& system = System::Get();
  const bool by_key = LetsIn(method, policy::v1::ACTOR_KIND_API_KEY);
  const auto context = by_key ? system.OwnerContext(tenant) : System::ContextFor(tenant.id);
  const std::string& server = ServerOf(method);
  return Ask(by_key ? system.Channel(server, tenant.certificate_directory)
                    : system.OperatorChannel(server),
             context.get(), method, messages);
}

std::string StateOf(TenantId tenant, const std::string& customer) {
  System& system = System::Get();
  // Outboxes empty themselves, and counts are taken by the hour.
  const std::string tables = system.QueryValue(StrCat(
      "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ' ' ORDER BY c.relname) FROM "
      "pg_class c "
      "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
      "WHERE n.nspname IN ('tenant_data', 'core') AND c.relkind IN ('r', 'p') AND a.attname = '",
      customer.empty() ? "tenant_id" : "customer_id",
      "' AND NOT a.attisdropped AND c.relname NOT LIKE 'outbox%' "
      "AND c.relname NOT LIKE 'usage_%'"));
  std::string rows;
  for (const absl::string_view table : absl::StrSplit(tables, ' ', absl::SkipEmpty())) {
    StrAppend(&rows, rows.empty() ? "" : " UNION ALL ", "SELECT '", table,
              " ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), "
              "'') AS line FROM ",
              table, " t WHERE tenant_id = '", tenant.uuid().ToString(), "'");
    // What was deleted goes by itself when the store has let go of it.
    if (table == "tenant_data.files") StrAppend(&rows, " AND state <> 'deleted'");
    if (customer.empty()) continue;
    StrAppend(&rows, " AND customer_id = '", OrDie(CustomerId::Parse(customer)).uuid().ToString(),
              "'");
  }
  return system.QueryValue(StrCat("SELECT string_agg(line, E'\\n') FROM (", rows, ") l"));
}

}  // namespace kasbah::security_test
