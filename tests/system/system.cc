#include "tests/system/system.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "cli/migrations.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/certificate_authority.h"
#include "libs/rpc/process.h"
#include "libs/rpc/tls.h"
#include "tests/system/or_die.h"
#include <pqxx/pqxx>

namespace kasbah::system_test {
namespace {

System* instance = nullptr;
std::vector<std::string> shards;
// Of the services, which see no KASBAH_… of this process's own.
std::map<std::string, std::string> settings;

template <typename Stub, typename Request, typename Reply>
Reply OperatorCall(Stub& stub, TenantId tenant,
                   grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                   const Request& request) {
  CallContext call;
  call.tenant = tenant;
  call.deadline = absl::Now() + absl::Seconds(10);
  return OrDie(rpc::Invoke(call, stub, method, request), "operator call");
}

}  // namespace

bool WaitUntil(absl::Duration timeout, const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + timeout;
  while (!condition()) {
    if (absl::Now() > end) return false;
    // A poll of an outside condition, bounded by the deadline above.
    absl::Notification never;
    never.WaitForNotificationWithTimeout(absl::Milliseconds(20));
  }
  return true;
}

System& System::Get() {
  if (instance == nullptr) instance = new System();
  return *instance;
}

void System::AskForShards(std::vector<std::string> names) {
  KASBAH_CHECK(instance == nullptr);
  shards = std::move(names);
}

void System::AskForNoRateLimits() {
  KASBAH_CHECK(instance == nullptr);
  for (const char* tier : {"READ", "WRITE", "SENSITIVE", "CREDENTIAL", "BULK"}) {
    settings[StrCat("KASBAH_SERVER__RATE_LIMITS__", tier)] = "1000000";
  }
}

void System::TearDown() {
  if (instance == nullptr) return;
  const std::string directory = instance->directory_;
  delete instance;
  instance = nullptr;
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

System::System() {
  rpc::PrepareProcess();
  // The name has a space in it: whatever cannot quote a path fails here.
  std::string pattern = "/tmp/kasbah system XXXXXX";
  KASBAH_CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  dev::Supervisor::Options options;
  options.directory = StrCat(directory_, "/installation");
  options.binaries = KASBAH_BINARY_DIR;
  options.migrations = cli::AllMigrations();
  options.shards = shards;
  options.environment = settings;
  options.throwaway = true;
  options.on_error = [](std::string_view source, std::string_view line) {
    fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(source.size()), source.data(),
            static_cast<int>(line.size()), line.data());
  };
  supervisor_ = OrDie(dev::Supervisor::Start(std::move(options)), "starting Kasbah");
}

std::string System::CertificateOf(const std::string& name) {
  if (name == "gateway" || name == "csi-provider") {
    const std::string directory = StrCat(directory_, "/", name);
    if (!std::filesystem::exists(directory + "/tls.crt")) {
      auto authority =
          OrDie(dev::CertificateAuthority::Open(installation().Path("ca")), "authority");
      std::filesystem::create_directories(directory);
      const absl::Status issued =
          authority.Issue({.uris = {dev::Installation::ServiceId(name)}}, directory);
      KASBAH_CHECK(issued.ok());
    }
    return directory;
  }
  return installation().CertificateDirectory(name);
}

std::string System::CertificateOf(TenantId tenant, const std::string& workload) {
  return OrDie(installation().IssueTenantCertificate(tenant, workload), "tenant certificate");
}

std::string System::CertificateWith(const std::vector<std::string>& uris) {
  const std::string directory = StrCat(directory_, "/certificate-", ++certificates_);
  std::filesystem::create_directories(directory);
  auto authority = OrDie(dev::CertificateAuthority::Open(installation().Path("ca")), "authority");
  KASBAH_CHECK(authority.Issue({.uris = uris}, directory).ok());
  return directory;
}

std::shared_ptr<grpc::Channel> System::Channel(const std::string& service,
                                               const std::string& certificate_directory) {
  auto& channel = channels_[{service, certificate_directory}];
  if (channel == nullptr) {
    channel = OrDie(
        rpc::CreateChannel(installation().Address(service), dev::Installation::ServiceId(service),
                           rpc::TlsFiles{certificate_directory}),
        "channel");
  }
  return channel;
}

TestTenant System::CreateTenant(const std::string& slug) {
  auto stub = tenantdata::v1::TenantService::NewStub(OperatorChannel("tenant-data"));
  tenantdata::v1::CreateTenantRequest request;
  request.set_slug(slug);
  request.set_display_name(slug);
  const auto made =
      OperatorCall(*stub, TenantId(), &tenantdata::v1::TenantService::Stub::CreateTenant, request);
  TestTenant tenant;
  tenant.id = OrDie(TenantId::Parse(made.tenant_id()), "tenant id");
  tenant.certificate_directory = CertificateOf(tenant.id, "app");
  RegisterWorkload(tenant.id, "app");
  tenant.owner_key = CreateApiKey(tenant.id, auth::v1::ROLE_OWNER);
  // Services answer before they follow revocations, and refuse assertions until then.
  for (const std::string& service : dev::ServiceNames()) {
    auto asked = status::v1::StatusService::NewStub(Channel(service, tenant.certificate_directory));
    KASBAH_CHECK(WaitUntil(absl::Seconds(30), [&] {
      status::v1::WhoAmIResponse reply;
      return asked->WhoAmI(OwnerContext(tenant).get(), status::v1::WhoAmIRequest(), &reply).ok();
    }));
  }
  return tenant;
}

void System::SuspendTenant(TenantId tenant) {
  auto stub = tenantdata::v1::TenantService::NewStub(OperatorChannel("tenant-data"));
  tenantdata::v1::SuspendTenantRequest request;
  request.set_reason("a test");
  OperatorCall(*stub, tenant, &tenantdata::v1::TenantService::Stub::SuspendTenant, request);
}

void System::ResumeTenant(TenantId tenant) {
  auto stub = tenantdata::v1::TenantService::NewStub(OperatorChannel("tenant-data"));
  OperatorCall(*stub, tenant, &tenantdata::v1::TenantService::Stub::ResumeTenant,
               tenantdata::v1::ResumeTenantRequest());
}

std::string System::CreateApiKey(TenantId tenant, auth::v1::Role role,
                                 const std::string& customer) {
  auto stub = auth::v1::ApiKeyService::NewStub(OperatorChannel("auth"));
  auth::v1::CreateApiKeyRequest request;
  request.set_display_name("test");
  request.set_role(role);
  request.set_customer_id(customer);
  return OperatorCall(*stub, tenant, &auth::v1::ApiKeyService::Stub::CreateApiKey, request)
      .secret();
}

auth::v1::Workload System::RegisterWorkload(
    TenantId tenant, const std::string& name,
    const std::vector<auth::v1::KubernetesServiceAccount>& accounts) {
  auto stub = auth::v1::WorkloadService::NewStub(OperatorChannel("auth"));
  auth::v1::CreateWorkloadRequest request;
  request.set_name(name);
  for (const auto& account : accounts) *request.add_kubernetes() = account;
  return OperatorCall(*stub, tenant, &auth::v1::WorkloadService::Stub::CreateWorkload, request);
}

void System::DeleteWorkload(TenantId tenant, const std::string& name) {
  auto stub = auth::v1::WorkloadService::NewStub(OperatorChannel("auth"));
  auth::v1::DeleteWorkloadRequest request;
  request.set_workload(name);
  OperatorCall(*stub, tenant, &auth::v1::WorkloadService::Stub::DeleteWorkload, request);
}

absl::StatusOr<std::string> System::Resolve(const std::string& key,
                                            const std::string& certificate) {
  auto stub = auth::v1::CredentialService::NewStub(Channel("auth", certificate));
  auth::v1::ResolveCredentialRequest request;
  request.set_api_key(key);
  absl::StatusOr<auth::v1::ResolveCredentialResponse> reply;
  // Readiness asks no peer, so at first auth may still wait for the vault to certify its key.
  WaitUntil(absl::Seconds(20), [&] {
    CallContext call;
    call.deadline = absl::Now() + absl::Seconds(10);
    using Stub = auth::v1::CredentialService::Stub;
    reply = rpc::Invoke(call, *stub, &Stub::ResolveCredential, request);
    return !absl::IsUnavailable(reply.status());
  });
  if (!reply.ok()) return reply.status();
  return reply->assertion();
}

std::unique_ptr<grpc::ClientContext> System::Context() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  return context;
}

std::unique_ptr<grpc::ClientContext> System::ContextFor(TenantId tenant) {
  auto context = Context();
  context->AddMetadata("kasbah-tenant", tenant.ToString());
  return context;
}

std::unique_ptr<grpc::ClientContext> System::OwnerContext(const TestTenant& tenant) {
  auto& [assertion, until] = assertions_[tenant.owner_key];
  if (assertion.empty() || absl::Now() > until) {
    assertion = OrDie(Resolve(tenant.owner_key, tenant.certificate_directory), "resolve");
    until = absl::Now() + absl::Seconds(30);
  }
  auto context = Context();
  context->AddMetadata("authorization", StrCat("Bearer ", assertion));
  return context;
}

std::string System::Logs() const {
  std::ifstream in(installation().log_file());
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

std::string System::QueryValue(const std::string& sql, const std::string& database) {
  pqxx::connection connection(supervisor_->PostgresAdminDsn(database));
  pqxx::nontransaction work(connection);
  const pqxx::result result = work.exec(sql);
  return result.empty() || result[0][0].is_null() ? "" : result[0][0].as<std::string>();
}

}  // namespace kasbah::system_test
