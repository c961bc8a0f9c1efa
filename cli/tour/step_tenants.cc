#include "cli/demo/identities.h"
#include "cli/tour/steps.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using status::v1::StatusService;

constexpr char kProgram[] = "tour";

absl::Status CreateTenant(World& world, const std::string& slug, const std::string& name,
                          TourTenant* tenant) {
  tenant->slug = StrCat(slug, "-", world.run);
  ASSIGN_OR_RETURN(tenant->identity,
                   CreateTenantWithKey(world.installation(), tenant->slug, name, kProgram));
  ASSIGN_OR_RETURN(tenant->client, TenantClient(world.installation(), tenant->identity.tenant_id,
                                                kProgram, tenant->identity.api_key));
  // The key opens the tenant it was made for and no other.
  ASSIGN_OR_RETURN(const auto who, tenant->client->CallAt("tenant-data", Client::Scope::kTenant,
                                                          &StatusService::Stub::WhoAmI,
                                                          status::v1::WhoAmIRequest()));
  RETURN_IF_ERROR(Expect(who.tenant_id() == tenant->identity.tenant_id,
                         "a tenant's key to open its own tenant"));
  return Expect(who.actor_id() == tenant->identity.api_key_id, "the actor to be the API key");
}

}  // namespace

absl::StatusOr<std::string> CreateTenants(World& world) {
  RETURN_IF_ERROR(CreateTenant(world, "atlas", "Atlas Shipping", &world.a));
  RETURN_IF_ERROR(CreateTenant(world, "borea", "Borea Foods", &world.b));
  // One character off is as good as none.
  std::string wrong = world.a.identity.api_key;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  ASSIGN_OR_RETURN(const auto stranger,
                   TenantClient(world.installation(), world.a.identity.tenant_id, kProgram, wrong));
  const auto refused = stranger->CallAt("tenant-data", Client::Scope::kTenant,
                                        &StatusService::Stub::WhoAmI, status::v1::WhoAmIRequest());
  RETURN_IF_ERROR(ExpectRefused(refused.status(), "CREDENTIAL_INVALID", "a wrong API key"));
  return StrCat("tenants ", world.a.slug, " and ", world.b.slug,
                " made by an operator, an API key each; a wrong key is refused");
}

}  // namespace kasbah::cli
