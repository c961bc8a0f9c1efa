// Exports and erasures over the real processes: tenant-data is killed at every step of them, and
// what it began is finished all the same; nothing is left of who was erased but what is said to
// stay, and nobody else is touched.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/error.h"
#include "services/audit/store/tenant_tables.h"
#include "services/auth/store/tenant_tables.h"
#include "services/tenant_data/store/tenant_tables.h"
#include "services/vault/store/tenant_tables.h"
#include "services/webhook/store/tenant_tables.h"
#include "tests/chaos/rights_fixture.h"

namespace kasbah::chaos_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RightsTest : public RightsSystem {
 protected:
  // Unpacked into a directory, as anybody would.
  static std::string Downloaded(const TestTenant& tenant, const std::string& operation) {
    const auto stub =
        Rights::NewStub(System::Get().Channel("tenant-data", tenant.certificate_directory));
    const auto context = System::Get().OwnerContext(tenant);
    // The process was killed a moment ago, and the channel may still remember it.
    context->set_wait_for_ready(true);
    tenantdata::v1::DownloadExportRequest request;
    request.set_operation_id(operation);
    const auto reader = stub->DownloadExport(context.get(), request);
    tenantdata::v1::DownloadExportResponse reply;
    std::string archive;
    uint64_t size = 0;
    while (reader->Read(&reply)) {
      if (reply.size() != 0) size = reply.size();
      archive += reply.chunk();
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(archive.size(), size);
    const std::string directory = StrCat(System::Get().directory(), "/", operation);
    std::filesystem::create_directories(directory);
    std::ofstream(directory + "/archive.tar", std::ios::binary) << archive;
    EXPECT_EQ(Shell(StrCat("cd '", directory,
                           "' && tar xf archive.tar && rm archive.tar"
                           " && sha256sum --quiet -c SHA256SUMS")),
              0);
    return directory;
  }
  // Everything in it, one after the other.
  static std::string ContentOf(const std::string& directory) {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      all += std::string(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  }
  static void ExpectWhole(const TestTenant& tenant, const std::string& archive) {
    const std::string mark = MarkOf(tenant);
    EXPECT_THAT(archive, HasSubstr("@example.com"));
    for (const char* of : {"Ada ", "Grace ", "contents ", "passport ", "Lin 0 ", "Lin 1 ", "Lin 2 ",
                           "DE0-", "DE1-", "DE2-"}) {
      EXPECT_THAT(archive, HasSubstr(of + mark));
    }
    EXPECT_THAT(archive, HasSubstr("\"path\":\"stripe\""));
    EXPECT_THAT(archive, Not(HasSubstr("sk_live_")));
    EXPECT_THAT(archive, Not(HasSubstr("secret_hash")));
    EXPECT_THAT(archive, Not(HasSubstr("kv1:")));
  }
  // Tables in which something may be left of an erased tenant.
  static std::set<std::string> Kept() {
    std::set<std::string> kept;
    for (const auto& service : {auth::kTenantTables, vault::kTenantTables, webhook::kTenantTables,
                                tenantdata::kTenantTables, audit::kTenantTables}) {
      for (const auto& table : service.tables) {
        if (!table.is_erased()) kept.emplace(table.name);
      }
    }
    return kept;
  }
  static std::string ActionsWithPersonalValues(const TestTenant& tenant) {
    return System::Get().QueryValue(
        StrCat("SELECT coalesce(string_agg(action, ' ' ORDER BY seq), '') FROM audit.event WHERE "
               "tenant_id = '",
               tenant.id.uuid().ToString(),
               "' AND coalesce(source_address, user_agent, actor_display) IS NOT NULL"));
  }
  // Of a tenant that is erased: an event that was counted, or held up, until now.
  static void ExpectALateEventWithoutPersonalValues(const TestTenant& tenant) {
    outbox::v1::AuditEvent late;
    late.set_event_id(EventId::New(absl::Now()).ToString());
    late.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    late.set_action("test.late");
    late.mutable_actor()->set_kind("user");
    late.mutable_actor()->set_id("usr_late");
    late.mutable_actor()->set_display("Ada");
    late.set_outcome(outbox::v1::OUTCOME_SUCCESS);
    late.set_source_address("192.0.2.7");
    late.set_user_agent("curl");
    const std::string id = tenant.id.uuid().ToString();
    System::Get().QueryValue(StrCat(
        "INSERT INTO vault.outbox (tenant_id, topic, payload) VALUES ('", id, "', 'audit', '\\x",
        absl::BytesToHexString(late.SerializeAsString()), "') RETURNING id"));
    EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
      return System::Get().QueryValue(StrCat("SELECT count(*) FROM audit.event WHERE tenant_id = '",
                                             id, "' AND action = 'test.late'")) == "1";
    }));
    EXPECT_EQ(ActionsWithPersonalValues(tenant), "");
  }
  static void ExpectErased(const TestTenant& tenant) {
    const std::set<std::string> kept = Kept();
    for (const auto& [table, rows] : Counts(tenant)) {
      EXPECT_TRUE(kept.contains(table)) << table << " has " << rows << " rows left";
    }
    const std::string where = StrCat(" WHERE tenant_id = '", tenant.id.uuid().ToString(), "'");
    EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
      return Rows("tenant_data.outbox", tenant) + Rows("vault.outbox", tenant) +
                 Rows("auth.outbox", tenant) + Rows("webhook.outbox", tenant) +
                 Rows("audit.outbox", tenant) ==
             0;
    }));
    // The trail, without anybody's values.
    EXPECT_EQ(ActionsWithPersonalValues(tenant), "");
    for (const char* action : {"tenant.erase", "tenant.erase_rows"}) {
      EXPECT_NE(System::Get().QueryValue(StrCat("SELECT count(*) FROM audit.event", where,
                                                " AND action = '", action, "'")),
                "0")
          << action;
    }
    EXPECT_NE(
        System::Get().QueryValue(StrCat(
            "SELECT count(*) FROM audit.event WHERE action = 'tenant.erase' AND "
            "target_id = '",
            tenant.id.ToString(), "' AND tenant_id = '", kSystemTenant.uuid().ToString(), "'")),
        "0");
    EXPECT_EQ(System::Get().QueryValue("SELECT (erased_at IS NOT NULL) AND slug LIKE '-%' AND "
                                       "display_name = '' FROM core.tenants" +
                                       where),
              "t");
    EXPECT_EQ(System::Get().QueryValue("SELECT count(*) FROM vault.shares" + where +
                                       " AND destroyed_at IS NULL"),
              "0");
    const std::string objects = StrCat(System::Get().installation().Path("files"), "/tenants/",
                                       tenant.id.ToString(), "/files");
    EXPECT_TRUE(!std::filesystem::exists(objects) || std::filesystem::is_empty(objects));
    EXPECT_EQ(System::Get().QueryValue(
                  StrCat("SELECT count(*) FROM auth.users WHERE email LIKE ", "'ada-erase-%'")),
              "0");
  }
};

TEST_F(RightsTest, AnExportHasEverythingOfTheTenantAndNothingOfAnotherThoughKilledAtEachStep) {
  const TestTenant tenant = Furnished("export-one");
  const TestTenant other = Furnished("export-two");
  // Between a piece's beginning, its object and its note; between the last note and the end.
  const std::string operation = KilledAtEach({{"tenant_data.files"},
                                              {"tenant_data.rights_members"},
                                              {"tenant_data.rights_counts"},
                                              {"tenant_data.rights_operations"}},
                                             [&] { return StartExport(tenant); });
  const RightsOperation done = Finished(tenant, operation);
  ASSERT_EQ(done.state(), RightsOperation::STATE_DONE) << done.ShortDebugString();
  const std::string archive = ContentOf(Downloaded(tenant, operation));
  ExpectWhole(tenant, archive);
  EXPECT_THAT(archive, Not(HasSubstr(MarkOf(other))));
  EXPECT_THAT(archive, Not(HasSubstr(other.id.ToString())));
}

TEST_F(RightsTest, ATenantIsErasedThoughKilledAtEachStepAndNobodyElseIsTouched) {
  const TestTenant tenant = Furnished("erase-one");
  const TestTenant other = Furnished("stays-one");
  ASSERT_TRUE(Finished(tenant, StartExport(tenant)->operation_id()).has_archive());
  Close(tenant);
  const int64_t until = LengthOfTrail(other);
  const auto before = Digests(other, until);
  const auto files = FilesOf(other);
  ASSERT_EQ(files.size(), 2u);
  // What each step writes, the events that it tells of it, and the notes between them; and who does
  // it for tenant-data.
  const std::string operation = KilledAtEach({{"vault.shares", "", "vault"},
                                              {"vault.outbox", "vault.shares", "vault"},
                                              {"vault.shares"},
                                              {"vault.secrets"},
                                              {"tenant_data.rights_counts"},
                                              {"tenant_data.records"},
                                              {"tenant_data.collections"},
                                              {"webhook.messages"},
                                              {"auth.departures"},
                                              {"core.tenants"}},
                                             [&] { return StartErasure(tenant, "erase-one"); });
  const RightsOperation done = Finished(tenant, operation);
  EXPECT_EQ(done.state(), RightsOperation::STATE_DONE);
  ExpectErased(tenant);
  ExpectALateEventWithoutPersonalValues(tenant);
  EXPECT_EQ(Digests(other, until), before);
  EXPECT_EQ(FilesOf(other), files);
  // Nobody is ever given its name.
  tenantdata::v1::CreateTenantRequest again;
  again.set_slug("erase-one");
  again.set_display_name("again");
  EXPECT_EQ(ReasonOf(AsOperator<tenantdata::v1::TenantService>(
                         TenantId(), "tenant-data",
                         &tenantdata::v1::TenantService::Stub::CreateTenant, again)
                         .status()),
            "ALREADY_EXISTS");
  EXPECT_EQ(ReasonOf(StartErasure(tenant, "erase-one").status()), "TENANT_ERASED");
}

TEST_F(RightsTest, APersonIsExportedAndErasedAndTheOthersStay) {
  const TestTenant tenant = Furnished("person-one");
  tenantdata::v1::StartSubjectExportRequest request;
  request.set_subject("person-7");
  const auto started =
      AsOwner<Rights>(tenant, "tenant-data", &Rights::Stub::StartSubjectExport, request);
  ASSERT_TRUE(started.ok()) << started.status();
  const RightsOperation copied = Finished(tenant, started->operation_id());
  ASSERT_EQ(copied.state(), RightsOperation::STATE_DONE) << copied.ShortDebugString();
  const std::string mark = MarkOf(tenant);
  EXPECT_THAT(ContentOf(Downloaded(tenant, copied.operation_id())),
              AllOf(HasSubstr("DE1-" + mark), HasSubstr("passport " + mark),
                    Not(HasSubstr("DE0-" + mark)), Not(HasSubstr("contents " + mark))));

  tenantdata::v1::StartSubjectErasureRequest erase;
  erase.set_subject("person-7");
  // The rows; then, when they are gone, the key that would open yesterday's; and all the others.
  const std::string operation = KilledAtEach(
      {{"tenant_data.record_history"},
       {"vault.shares", "", "vault"},
       {"vault.outbox", "vault.shares", "vault"},
       {"vault.shares"},
       {"tenant_data.rights_counts"},
       {"webhook.outbox", "webhook.messages", "webhook"},
       {"auth.memberships", "", "auth"},
       {"audit.event", "audit.redaction", "audit"}},
      [&] {
        return AsOwner<Rights>(tenant, "tenant-data", &Rights::Stub::StartSubjectErasure, erase);
      });
  EXPECT_EQ(Finished(tenant, operation).state(), RightsOperation::STATE_DONE);
  EXPECT_EQ(Rows("tenant_data.records", tenant), 2);
  EXPECT_EQ(System::Get().QueryValue(
                StrCat("SELECT count(*) || ' ' || count(destroyed_at) FROM vault.shares WHERE "
                       "subject_hash <> '' AND tenant_id = '",
                       tenant.id.uuid().ToString(), "'")),
            "1 1");
  // The archive that has them is gone, with what it was about.
  const auto gone = Get(tenant, copied.operation_id());
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_FALSE(gone->has_archive());
  EXPECT_EQ(System::Get().QueryValue("SELECT count(*) FROM tenant_data.rights_operations"
                                     " WHERE subject <> ''"),
            "0");
}

TEST_F(RightsTest, WhoMayNotIsRefusedAndAnotherTenantsIsNotThere) {
  const TestTenant tenant = System::Get().CreateTenant("rights-mine");
  const TestTenant other = System::Get().CreateTenant("rights-other");
  const auto started = StartExport(tenant);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(ReasonOf(Get(other, started->operation_id()).status()), "NOT_FOUND");
  // Open, and by the wrong name.
  EXPECT_EQ(ReasonOf(StartErasure(tenant, "rights-mine").status()), "TENANT_NOT_CLOSED");
  Close(other);
  EXPECT_EQ(ReasonOf(StartErasure(other, "rights-mine").status()), "INVALID_FIELDS");

  // What tenant-data asks of the others is for nobody else to ask.
  subject::v1::EraseTenantRequest erase;
  erase.set_confirm(tenant.id.ToString());
  using Subjects = subject::v1::SubjectService;
  for (const std::string& service : dev::ServiceNames()) {
    EXPECT_EQ(
        ReasonOf(
            AsOperator<Subjects>(tenant.id, service, &Subjects::Stub::EraseTenant, erase).status()),
        "PEER_NOT_ALLOWED")
        << service;
    // And not of a tenant that is open.
    const auto asked = system_test::Invoke<Subjects>(
        System::Get().Channel(service, System::Get().CertificateOf("tenant-data")),
        System::ContextFor(tenant.id), &Subjects::Stub::EraseTenant, erase);
    EXPECT_EQ(ReasonOf(asked.status()), "TENANT_NOT_CLOSED") << service;
  }
}

TEST_F(RightsTest, YesterdaysCopyOpensNothingOfAnErasedTenant) {
  const TestTenant tenant = Furnished("erase-two");
  const TestTenant other = Furnished("stays-two");
  const std::string record = System::Get().QueryValue(
      StrCat("SELECT record_id FROM tenant_data.records WHERE deleted_at IS NULL AND subject IS "
             "NULL AND tenant_id = '",
             tenant.id.uuid().ToString(), "'"));
  dev::Supervisor& supervisor = System::Get().supervisor();
  const std::string dump = StrCat(System::Get().directory(), "/yesterday.dump");
  ASSERT_EQ(Shell(StrCat("pg_dump -Fc -f '", dump, "' -d \"", supervisor.PostgresAdminDsn("kasbah"),
                         "\"")),
            0);
  Close(tenant);
  const auto started = StartErasure(tenant, "erase-two");
  ASSERT_TRUE(started.ok()) << started.status();
  ASSERT_EQ(Finished(tenant, started->operation_id()).state(), RightsOperation::STATE_DONE);
  ExpectErased(tenant);

  const std::vector<std::string> services = {"auth", "vault", "tenant-data", "webhook", "audit"};
  for (const std::string& name : services) ASSERT_TRUE(supervisor.StopService(name).ok());
  const std::string server = supervisor.PostgresAdminDsn("postgres");
  ASSERT_EQ(Shell(StrCat("psql -q -d \"", server,
                         "\" -c 'DROP DATABASE kasbah WITH (FORCE)'"
                         " && pg_restore --create -d \"",
                         server, "\" '", dump, "'")),
            0);
  for (const std::string& name : services) ASSERT_TRUE(supervisor.StartService(name).ok());
  using Records = tenantdata::v1::RecordService;
  tenantdata::v1::GetRecordRequest get;
  get.set_record_id(RecordId(*Uuid::Parse(record)).ToString());
  absl::StatusOr<tenantdata::v1::Record> read;
  ASSERT_TRUE(WaitUntil(absl::Seconds(60), [&] {
    read = AsOwner<Records>(tenant, "tenant-data", &Records::Stub::GetRecord, get);
    return read.ok() && read->unavailable_size() == 1 &&
           read->unavailable(0).reason() == "KEY_SHREDDED";
  })) << (read.ok() ? read->ShortDebugString() : read.status().ToString());
  // The other one's opens.
  ASSERT_EQ(Finished(other, StartExport(other)->operation_id()).state(),
            RightsOperation::STATE_DONE);
}

}  // namespace
}  // namespace kasbah::chaos_test
