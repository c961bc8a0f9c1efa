#include "tests/bench/installation.h"

#include <filesystem>

#include "absl/time/clock.h"
#include "cli/migrations.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/certificate_authority.h"
#include "libs/rpc/process.h"
#include "tests/bench/pgbench.h"
#include "tests/system/or_die.h"
#include <pqxx/pqxx>

namespace kasbah::bench {
namespace {

using system_test::OrDie;

// What the payloads of pgbench's outbox rows begin with (paths.cc).
constexpr char kNoEvent[] = "aaaaaaaa";

}  // namespace

std::unique_ptr<Installation> Installation::Start(const std::string& directory,
                                                  int shared_buffers_mib) {
  rpc::PrepareProcess();
  auto installation = std::unique_ptr<Installation>(new Installation());
  dev::Supervisor::Options options;
  options.directory = directory;
  options.binaries = KASBAH_BINARY_DIR;
  options.migrations = cli::AllMigrations();
  options.shared_buffers_mib = shared_buffers_mib;
  // One key makes all the load.
  installation->receiver_certificate_ = StrCat(directory, "-receiver.crt");
  installation->receiver_ = HttpsReceiver::Start(installation->receiver_certificate_);
  options.environment["KASBAH_ENDPOINT_CA_FILE"] = installation->receiver_certificate_;
  for (const char* tier : {"READ", "WRITE", "SENSITIVE", "CREDENTIAL", "BULK"}) {
    options.environment[StrCat("KASBAH_SERVER__RATE_LIMITS__", tier)] = "1000000";
  }
  installation->supervisor_ = OrDie(dev::Supervisor::Start(std::move(options)));
  auto authority =
      OrDie(dev::CertificateAuthority::Open(installation->supervisor_->installation().Path("ca")));
  const std::string gateway = StrCat(directory, "/certificates/gateway");
  std::filesystem::create_directories(gateway);
  KASBAH_CHECK(authority.Issue({.uris = {"spiffe://kasbah.dev/service/gateway"}}, gateway).ok());
  installation->echo_ =
      EchoServer::Start(installation->supervisor_->installation().CertificateDirectory("audit"));
  installation->CreateData();
  return installation;
}

std::shared_ptr<grpc::Channel> Installation::Channel(const std::string& service,
                                                     const std::string& identity) {
  const dev::Installation& files = supervisor_->installation();
  return OrDie(rpc::CreateChannel(files.Address(service), dev::Installation::ServiceId(service),
                                  {files.CertificateDirectory(identity)}));
}

std::shared_ptr<grpc::Channel> Installation::TenantChannel(const std::string& service) {
  return OrDie(rpc::CreateChannel(supervisor_->installation().Address(service),
                                  dev::Installation::ServiceId(service), {tenant_certificate_}));
}

std::shared_ptr<grpc::Channel> Installation::EchoChannel() {
  return OrDie(
      rpc::CreateChannel(echo_->address(), dev::Installation::ServiceId("audit"),
                         {supervisor_->installation().CertificateDirectory(dev::kOperator)}));
}

void Installation::CreateData() {
  auto tenants = tenantdata::v1::TenantService::NewStub(Channel("tenant-data", dev::kOperator));
  tenantdata::v1::CreateTenantRequest create;
  create.set_slug(StrCat("bench-", absl::ToUnixSeconds(absl::Now())));
  create.set_display_name("Benchmarks");
  const auto made =
      Invoke(*tenants, &tenantdata::v1::TenantService::Stub::CreateTenant, create, TenantId());
  tenant_ = OrDie(TenantId::Parse(made.tenant_id()));
  tenant_certificate_ = OrDie(supervisor_->installation().IssueTenantCertificate(tenant_, "bench"));

  auto keys = auth::v1::ApiKeyService::NewStub(Channel("auth", dev::kOperator));
  auth::v1::CreateApiKeyRequest key;
  key.set_display_name("bench");
  key.set_role(auth::v1::ROLE_OWNER);
  api_key_ = Invoke(*keys, &auth::v1::ApiKeyService::Stub::CreateApiKey, key, tenant_).secret();
  auto workloads = auth::v1::WorkloadService::NewStub(Channel("auth", dev::kOperator));
  auth::v1::CreateWorkloadRequest workload;
  workload.set_name("bench");
  Invoke(*workloads, &auth::v1::WorkloadService::Stub::CreateWorkload, workload, tenant_);

  const std::vector<std::string> names = {"name", "code", "note"};
  MakeCollection(tenant_, "items", names, 1);

  auto records = tenantdata::v1::RecordService::NewStub(TenantChannel("tenant-data"));
  tenantdata::v1::CreateRecordRequest record;
  record.set_collection("items");
  for (const std::string& name : names) {
    (*record.mutable_values()->mutable_fields())[name].set_string_value("some text of a record");
  }
  const auto stored = Invoke(*records, &tenantdata::v1::RecordService::Stub::CreateRecord, record,
                             TenantId(), Authorization());
  record_ = OrDie(RecordId::Parse(stored.record_id()));

  auto secrets = vault::v1::SecretService::NewStub(TenantChannel("vault"));
  vault::v1::CreateSecretRequest secret;
  secret.set_path("bench/secret");
  const auto created = Invoke(*secrets, &vault::v1::SecretService::Stub::CreateSecret, secret,
                              TenantId(), Authorization());
  secret_ = OrDie(SecretId::Parse(created.secret_id()));
  vault::v1::AddSecretVersionRequest version;
  version.set_secret(created.secret_id());
  version.set_payload(std::string(64, 's'));
  Invoke(*secrets, &vault::v1::SecretService::Stub::AddSecretVersion, version, TenantId(),
         Authorization());
}

void Installation::MakeCollection(TenantId tenant, const std::string& key,
                                  const std::vector<std::string>& fields, size_t indexed) {
  auto stub = tenantdata::v1::CollectionService::NewStub(Channel("tenant-data", dev::kOperator));
  tenantdata::v1::CreateCollectionRequest collection;
  collection.set_key(key);
  for (size_t i = 0; i < fields.size(); ++i) {
    auto* field = collection.add_fields();
    field->set_key(fields[i]);
    field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
    field->set_indexed(i < indexed);
  }
  Invoke(*stub, &tenantdata::v1::CollectionService::Stub::CreateCollection, collection, tenant);
}

std::string Installation::Resolve() {
  auto stub = auth::v1::CredentialService::NewStub(TenantChannel("auth"));
  auth::v1::ResolveCredentialRequest request;
  request.set_api_key(api_key_);
  return StrCat("Bearer ", Invoke(*stub, &auth::v1::CredentialService::Stub::ResolveCredential,
                                  request, TenantId())
                               .assertion());
}

std::string Installation::Authorization() {
  absl::MutexLock lock(&mutex_);
  if (absl::Now() > authorization_until_) {
    authorization_ = Resolve();
    authorization_until_ = absl::Now() + absl::Seconds(30);
  }
  return authorization_;
}

std::vector<TenantId> Installation::MakeTenants(int count) {
  std::vector<TenantId> tenants;
  std::string rows;
  for (int i = 0; i < count; ++i) {
    tenants.push_back(TenantId::New(absl::Now()));
    const std::string uuid = tenants.back().uuid().ToString();
    StrAppend(&rows, i == 0 ? "" : ",", "('", uuid, "','b-", uuid, "','bench')");
  }
  Query(StrCat("INSERT INTO core.tenants (tenant_id, slug, display_name) VALUES ", rows));
  return tenants;
}

double Installation::Pgbench(const std::string& role, const std::string& script, int seconds) {
  const std::string dsn =
      StrCat("host=127.0.0.1 port=", supervisor_->postgres_port(), " dbname=kasbah user=", role);
  return RunPgbench(dsn, supervisor_->installation().password_file(role),
                    StrCat("\\startpipeline\n", script, "\\endpipeline\n"), 8, seconds);
}

void Installation::Settle() {
  const absl::Time deadline = absl::Now() + absl::Minutes(2);
  for (const char* schema : {"auth", "tenant_data", "vault", "webhook"}) {
    const std::string outbox = StrCat(schema, ".outbox");
    Query(StrCat("DELETE FROM ", outbox, " WHERE substring(payload FROM 1 FOR 8) = '", kNoEvent,
                 "'"));
    while (Query(StrCat("SELECT count(*) FROM ", outbox)) != "0") {
      KASBAH_CHECK(absl::Now() < deadline);
      absl::SleepFor(absl::Milliseconds(50));
    }
  }
}

std::string Installation::Query(const std::string& sql) { return OpenSession()->Query(sql); }

std::unique_ptr<Installation::Session> Installation::OpenSession() {
  class Open final : public Session {
   public:
    explicit Open(const std::string& dsn) : connection_(dsn) {}
    std::string Query(const std::string& sql) override {
      pqxx::nontransaction work(connection_);
      const pqxx::result result = work.exec(sql);
      return result.empty() || result[0][0].is_null() ? "" : result[0][0].as<std::string>();
    }

   private:
    pqxx::connection connection_;
  };
  return std::make_unique<Open>(PostgresAdminDsn());
}

std::string Installation::PostgresAdminDsn() const {
  return supervisor_->PostgresAdminDsn("kasbah");
}

}  // namespace kasbah::bench
