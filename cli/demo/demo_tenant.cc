#include "cli/demo/demo_tenant.h"

#include "cli/client/client.h"
#include "cli/client/context.h"
#include "cli/demo/identities.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

constexpr char kSlug[] = "demo";
constexpr char kWorkload[] = "cli";

std::string TenantFile(const dev::Installation& installation) {
  return installation.Path("demo-tenant.json");
}

std::string KeyFile(const dev::Installation& installation) {
  return installation.Path("demo-api-key");
}

absl::Status CreateNotes(Client& client) {
  tenantdata::v1::CreateCollectionRequest request;
  request.set_key("notes");
  request.set_display_name("Notes");
  auto* title = request.add_fields();
  title->set_key("title");
  title->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  title->set_required(true);
  title->set_indexed(true);
  auto* body = request.add_fields();
  body->set_key("body");
  body->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  body->set_sealed(true);
  const auto made =
      client.Call(&tenantdata::v1::CollectionService::Stub::CreateCollection, request);
  return ReasonOf(made.status()) == reason::kAlreadyExists ? absl::OkStatus() : made.status();
}

absl::Status WriteContexts(const dev::Installation& installation, const DemoTenant& tenant) {
  ASSIGN_OR_RETURN(const TenantId id, TenantId::Parse(tenant.tenant_id));
  ASSIGN_OR_RETURN(const std::string directory, installation.IssueTenantCertificate(id, kWorkload));
  ContextFile file;
  file.path = installation.Path("contexts.yaml");
  file.current = "dev";
  // Which of the two is current is the user's choice from then on.
  if (const auto before = ReadContextFile(file.path); before.ok()) file.current = before->current;
  file.contexts["dev"] = OperatorContext(installation);
  file.contexts["demo"] = TenantContext(installation, "demo", directory, tenant.api_key_file);
  return WriteContextFile(file);
}

absl::StatusOr<DemoTenant> CreateDemoTenant(const dev::Installation& installation) {
  // A slug of its own: a start that ended between making the tenant and writing it down leaves one
  // behind whose key nobody has.
  const auto create = [&](const std::string& slug) {
    return CreateTenantWithKey(installation, slug, "Demo tenant", kWorkload);
  };
  absl::StatusOr<NewTenant> made = create(kSlug);
  std::string slug = kSlug;
  for (int i = 2; !made.ok() && ReasonOf(made.status()) == reason::kAlreadyExists && i < 100; ++i) {
    slug = StrCat(kSlug, "-", i);
    made = create(slug);
  }
  RETURN_IF_ERROR(made.status());
  ASSIGN_OR_RETURN(const auto acting, OperatorClient(installation, made->tenant_id));
  RETURN_IF_ERROR(CreateNotes(*acting));
  RETURN_IF_ERROR(dev::WriteFile(KeyFile(installation), made->api_key + "\n", 0600));
  const nlohmann::json file = {{"tenant_id", made->tenant_id}, {"slug", slug}};
  RETURN_IF_ERROR(dev::WriteFile(TenantFile(installation), file.dump(2) + "\n", 0644));
  return FindDemoTenant(installation);
}

}  // namespace

absl::StatusOr<NewTenant> CreateTenantWithKey(const dev::Installation& installation,
                                              const std::string& slug, const std::string& name,
                                              const std::string& program) {
  ASSIGN_OR_RETURN(const auto client, OperatorClient(installation, ""));
  tenantdata::v1::CreateTenantRequest tenant;
  tenant.set_slug(slug);
  tenant.set_display_name(name);
  ASSIGN_OR_RETURN(const auto created,
                   client->CallSystem(&tenantdata::v1::TenantService::Stub::CreateTenant, tenant));
  ASSIGN_OR_RETURN(const auto acting, OperatorClient(installation, created.tenant_id()));
  auth::v1::CreateApiKeyRequest key;
  key.set_display_name("made with the tenant");
  key.set_role(auth::v1::ROLE_ADMIN);
  ASSIGN_OR_RETURN(const auto credential,
                   acting->Call(&auth::v1::ApiKeyService::Stub::CreateApiKey, key));
  auth::v1::CreateWorkloadRequest workload;
  workload.set_name(program);
  RETURN_IF_ERROR(
      acting->Call(&auth::v1::WorkloadService::Stub::CreateWorkload, workload).status());
  return NewTenant{created.tenant_id(), credential.api_key().api_key_id(), credential.secret()};
}

absl::StatusOr<DemoTenant> FindDemoTenant(const dev::Installation& installation) {
  ASSIGN_OR_RETURN(const std::string text, dev::ReadFile(TenantFile(installation)));
  const nlohmann::json file = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!file.is_object() || !file.contains("tenant_id") || !file["tenant_id"].is_string()) {
    return absl::FailedPreconditionError(StrCat(
        TenantFile(installation), " is damaged; delete it to have another demo tenant made"));
  }
  return DemoTenant{file["tenant_id"], file.value("slug", kSlug), KeyFile(installation)};
}

absl::StatusOr<DemoTenant> EnsureDemoTenant(const dev::Installation& installation) {
  const bool known =
      dev::FileExists(TenantFile(installation)) && dev::FileExists(KeyFile(installation));
  ASSIGN_OR_RETURN(const DemoTenant tenant,
                   known ? FindDemoTenant(installation) : CreateDemoTenant(installation));
  RETURN_IF_ERROR(WriteContexts(installation, tenant));
  return tenant;
}

}  // namespace kasbah::cli
