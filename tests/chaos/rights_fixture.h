#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/rights.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/chaos/table_lock.h"
#include "tests/system/system.h"
#include <pqxx/pqxx>

namespace kasbah::chaos_test {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Rights = tenantdata::v1::RightsService;
using tenantdata::v1::RightsOperation;

// Tenants of whom every service has something, and what becomes of it.
class RightsSystem : public ::testing::Test {
 protected:
  // What a tenant's rows have in them, to be found or not to be found again.
  static std::string MarkOf(const TestTenant& tenant) { return tenant.id.ToString().substr(20); }

  // A tenant with a member, an API key, a customer, records (sealed values, a past, a deleted one),
  // a file, a domain, a secret, an endpoint and messages.
  static TestTenant Furnished(const std::string& slug) {
    const TestTenant tenant = System::Get().CreateTenant(slug);
    const std::string mark = MarkOf(tenant);
    auth::v1::CreateMembershipRequest member;
    member.set_email(StrCat("ada-", slug, "@example.com"));
    member.set_display_name(StrCat("Ada ", mark));
    member.set_role(auth::v1::ROLE_MEMBER);
    Ok(AsOperator<auth::v1::MembershipService>(
        tenant.id, "auth", &auth::v1::MembershipService::Stub::CreateMembership, member));

    webhook::v1::CreateEndpointRequest endpoint;
    endpoint.set_url("http://127.0.0.1:9/hook");
    Ok(AsOwner<webhook::v1::EndpointService>(
        tenant, "webhook", &webhook::v1::EndpointService::Stub::CreateEndpoint, endpoint));

    vault::v1::CreateSecretRequest secret;
    secret.set_path("stripe");
    Ok(AsOwner<vault::v1::SecretService>(tenant, "vault",
                                         &vault::v1::SecretService::Stub::CreateSecret, secret));
    vault::v1::AddSecretVersionRequest version;
    version.set_secret("stripe");
    version.set_payload(StrCat("sk_live_", mark));
    Ok(AsOwner<vault::v1::SecretService>(
        tenant, "vault", &vault::v1::SecretService::Stub::AddSecretVersion, version));

    tenantdata::v1::CreateCustomerRequest customer;
    customer.set_external_id(StrCat("crm-", slug));
    customer.set_display_name(StrCat("Grace ", mark));
    Ok(AsOwner<tenantdata::v1::CustomerService>(
        tenant, "tenant-data", &tenantdata::v1::CustomerService::Stub::CreateCustomer, customer));
    tenantdata::v1::CreateDomainRequest domain;
    domain.set_host(StrCat(slug, ".example.org"));
    Ok(AsOwner<tenantdata::v1::DomainService>(
        tenant, "tenant-data", &tenantdata::v1::DomainService::Stub::CreateDomain, domain));
    AddRecords(tenant);
    AddFile(tenant, StrCat("contents ", mark), "");
    AddFile(tenant, StrCat("passport ", mark), "person-7");
    // Changes have become messages.
    EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] { return Rows("webhook.messages", tenant) > 0; }));
    return tenant;
  }

  static void AddRecords(const TestTenant& tenant) {
    using Collections = tenantdata::v1::CollectionService;
    using Records = tenantdata::v1::RecordService;
    tenantdata::v1::CreateCollectionRequest create;
    create.set_key("people");
    create.set_display_name("People");
    for (const char* key : {"name", "iban"}) {
      auto* field = create.add_fields();
      field->set_key(key);
      field->set_display_name(key);
      field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
      field->set_sealed(std::string(key) == "iban");
      field->set_indexed(std::string(key) == "name");
    }
    Ok(AsOperator<Collections>(tenant.id, "tenant-data", &Collections::Stub::CreateCollection,
                               create));
    std::string last;
    for (int i = 0; i < 3; ++i) {
      tenantdata::v1::CreateRecordRequest record;
      record.set_collection("people");
      if (i == 1) record.set_subject_id("person-7");
      auto& values = *record.mutable_values()->mutable_fields();
      values["name"].set_string_value(StrCat("Lin ", i, " ", MarkOf(tenant)));
      values["iban"].set_string_value(StrCat("DE", i, "-", MarkOf(tenant)));
      last = Ok(AsOwner<Records>(tenant, "tenant-data", &Records::Stub::CreateRecord, record))
                 .record_id();
    }
    tenantdata::v1::GetRecordRequest get;
    get.set_record_id(last);
    const auto read = Ok(AsOwner<Records>(tenant, "tenant-data", &Records::Stub::GetRecord, get));
    tenantdata::v1::DeleteRecordRequest remove;
    remove.set_record_id(last);
    remove.set_etag(read.etag());
    Ok(AsOwner<Records>(tenant, "tenant-data", &Records::Stub::DeleteRecord, remove));
  }

  static void AddFile(const TestTenant& tenant, const std::string& content,
                      const std::string& subject) {
    const auto stub = tenantdata::v1::FileService::NewStub(
        System::Get().Channel("tenant-data", tenant.certificate_directory));
    const auto context = System::Get().OwnerContext(tenant);
    tenantdata::v1::File file;
    const auto writer = stub->UploadFile(context.get(), &file);
    tenantdata::v1::UploadFileRequest request;
    request.mutable_metadata()->set_name("note.txt");
    request.mutable_metadata()->set_size(static_cast<int64_t>(content.size()));
    request.mutable_metadata()->set_subject(subject);
    request.set_chunk(content);
    writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  template <typename T>
  static T Ok(const absl::StatusOr<T>& made) {
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *made : T();
  }

  static void Close(const TestTenant& tenant) {
    tenantdata::v1::CloseTenantRequest close;
    close.set_reason("a test");
    Ok(AsOperator<tenantdata::v1::TenantService>(
        tenant.id, "tenant-data", &tenantdata::v1::TenantService::Stub::CloseTenant, close));
  }
  static absl::StatusOr<RightsOperation> StartErasure(const TestTenant& tenant,
                                                      const std::string& slug) {
    tenantdata::v1::StartTenantErasureRequest request;
    request.set_confirm(slug);
    return AsOperator<Rights>(tenant.id, "tenant-data", &Rights::Stub::StartTenantErasure, request);
  }
  static absl::StatusOr<RightsOperation> StartExport(const TestTenant& tenant) {
    return AsOwner<Rights>(tenant, "tenant-data", &Rights::Stub::StartTenantExport,
                           tenantdata::v1::StartTenantExportRequest());
  }
  static absl::StatusOr<RightsOperation> Get(const TestTenant& tenant, const std::string& id) {
    tenantdata::v1::GetRightsOperationRequest request;
    request.set_operation_id(id);
    return AsOperator<Rights>(tenant.id, "tenant-data", &Rights::Stub::GetRightsOperation, request);
  }
  // What has become of it; one whose worker was killed is taken over at once.
  static RightsOperation Finished(const TestTenant& tenant, const std::string& id,
                                  absl::Duration within = absl::Seconds(90)) {
    RightsOperation operation;
    EXPECT_TRUE(WaitUntil(within, [&] {
      const auto got = Get(tenant, id);
      if (got.ok()) operation = *got;
      return operation.done();
    })) << operation.ShortDebugString();
    return operation;
  }
  static void ForgetLeases() {
    System::Get().QueryValue(
        "UPDATE tenant_data.rights_operations SET lease_until = now() WHERE state = 'running'"
        " RETURNING 1");
  }

  // Where somebody is killed: in a transaction that waits for `table`, having worked on `subject`
  // where several come to that table.
  struct Step {
    std::string table;
    std::string subject = {};
    std::string killed = "tenant-data";
    // Where operations are claimed, which is through a door.
    bool IsTheLease() const { return table == "tenant_data.rights_operations"; }
    // Of whom the transaction is.
    std::string RoleOf() const {
      if (IsTheLease()) return "kasbah_tenant_data_upkeep";
      return StrCat("kasbah_", table.starts_with("core.") ? "tenant_data_registry"
                                                          : table.substr(0, table.find('.')));
    }
  };
  // Begins an operation and kills at each of the steps, one after the other. Its id.
  static std::string KilledAtEach(const std::vector<Step>& steps,
                                  const std::function<absl::StatusOr<RightsOperation>()>& start) {
    std::string operation;
    std::optional<TableLock> held;
    const auto release = [&held] {
      held.reset();
      ForgetLeases();
    };
    for (const Step& step : steps) {
      SCOPED_TRACE(StrCat(step.killed, " at ", step.table, " after ", step.subject));
      // Released and held again before the killed process is back, which would be past it.
      if (held) release();
      held.emplace(step.table);
      if (operation.empty()) {
        // The operation itself may be written.
        const auto started = start();
        EXPECT_TRUE(started.ok()) << started.status();
        if (!started.ok()) return "";
        operation = started->operation_id();
      }
      EXPECT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
      if (!step.IsTheLease()) ForgetLeases();
      if (!held->HoldsUp(step.RoleOf(), step.subject)) return operation;
      EXPECT_TRUE(System::Get().supervisor().KillService(step.killed).ok());
    }
    release();
    EXPECT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
    return operation;
  }

  static int64_t Rows(const std::string& table, const TestTenant& tenant) {
    return std::stoll(System::Get().QueryValue(StrCat(
        "SELECT count(*) FROM ", table, " WHERE tenant_id = '", tenant.id.uuid().ToString(), "'")));
  }
  static std::vector<std::string> TenantTables() {
    return absl::StrSplit(
        System::Get().QueryValue(
            "SELECT string_agg(n.nspname || '.' || c.relname, E'\\n') FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
            "AND n.nspname IN ('core', 'auth', 'vault', 'tenant_data', 'webhook', 'audit')"),
        '\n');
  }
  // How many rows of the tenant each table has that is not empty of them.
  static std::map<std::string, int64_t> Counts(const TestTenant& tenant) {
    std::map<std::string, int64_t> counts;
    for (const std::string& table : TenantTables()) {
      if (const int64_t rows = Rows(table, tenant); rows > 0) counts[table] = rows;
    }
    return counts;
  }

  // What of the tenant nothing but a change of it changes: whole tables, and the trail up to
  // `until`.
  static std::map<std::string, std::string> Digests(const TestTenant& tenant, int64_t until) {
    std::map<std::string, std::string> digests;
    for (const std::string& table : TenantTables()) {
      const bool is_trail = table == "audit.event" || table == "audit.leaf";
      // Attempts, usage and what is on its way go on by themselves.
      if (!is_trail && (table.starts_with("audit.") || table.starts_with("webhook.") ||
                        table.ends_with(".outbox") || table.find(".usage_") != table.npos)) {
        continue;
      }
      digests[table] = System::Get().QueryValue(
          StrCat("SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 1)), 0) FROM ",
                 table, " t WHERE tenant_id = '", tenant.id.uuid().ToString(), "'",
                 is_trail ? StrCat(" AND seq <= ", until) : ""));
    }
    digests["webhook.messages"] = System::Get().QueryValue(
        StrCat("SELECT coalesce(sum(hashtextextended(message_id || body::text, 1)), 0) FROM "
               "webhook.messages WHERE tenant_id = '",
               tenant.id.uuid().ToString(), "'"));
    return digests;
  }
  static int64_t LengthOfTrail(const TestTenant& tenant) {
    return std::stoll(
        System::Get().QueryValue(StrCat("SELECT coalesce(max(seq), 0) FROM audit.event WHERE "
                                        "tenant_id = '",
                                        tenant.id.uuid().ToString(), "'")));
  }
  // Of all files, as their owner gets them.
  static std::map<std::string, std::string> FilesOf(const TestTenant& tenant) {
    const auto stub = tenantdata::v1::FileService::NewStub(
        System::Get().Channel("tenant-data", tenant.certificate_directory));
    std::map<std::string, std::string> contents;
    tenantdata::v1::ListFilesRequest list;
    const auto files = Ok(AsOwner<tenantdata::v1::FileService>(
        tenant, "tenant-data", &tenantdata::v1::FileService::Stub::ListFiles, list));
    for (const tenantdata::v1::File& file : files.files()) {
      const auto context = System::Get().OwnerContext(tenant);
      context->set_wait_for_ready(true);
      tenantdata::v1::DownloadFileRequest request;
      request.set_file_id(file.file_id());
      const auto reader = stub->DownloadFile(context.get(), request);
      tenantdata::v1::DownloadFileResponse reply;
      while (reader->Read(&reply)) contents[file.file_id()] += reply.chunk();
      const grpc::Status status = reader->Finish();
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
    return contents;
  }

  static int Shell(const std::string& command) {
    return system(
        StrCat("export PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH; ", command)
            .c_str());
  }
};

}  // namespace kasbah::chaos_test
