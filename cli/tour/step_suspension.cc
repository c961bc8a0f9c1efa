#include "absl/time/clock.h"
#include "cli/tour/steps.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

// What ARCHITECTURE.md promises, and a little for the machine.
constexpr absl::Duration kWithin = absl::Seconds(6);

absl::Status Ask(Client& client, const std::string& service) {
  return client
      .CallAt(service, Client::Scope::kTenant, &status::v1::StatusService::Stub::WhoAmI,
              status::v1::WhoAmIRequest())
      .status();
}

}  // namespace

absl::StatusOr<std::string> SuspendATenant(World& world) {
  for (const std::string& service : dev::ServiceNames()) {
    RETURN_IF_ERROR(Ask(*world.b.client, service));
  }
  ASSIGN_OR_RETURN(const auto acting, world.OperatorFor(world.b));
  tenantdata::v1::SuspendTenantRequest suspend;
  suspend.set_reason("the tour shows it");
  ASSIGN_OR_RETURN(const auto tenant,
                   acting->Call(&tenantdata::v1::TenantService::Stub::SuspendTenant, suspend));
  RETURN_IF_ERROR(Expect(tenant.state() == tenantdata::v1::LIFECYCLE_STATE_SUSPENDED,
                         "the tenant to be suspended"));
  const absl::Time start = absl::Now();
  for (const std::string& service : dev::ServiceNames()) {
    RETURN_IF_ERROR(WaitFor(
        kWithin, StrCat(service, " to refuse the suspended tenant"), [&]() -> absl::StatusOr<bool> {
          return ReasonOf(Ask(*world.b.client, service)) == reason::kTenantSuspended;
        }));
  }
  const absl::Duration took = absl::Now() - start;
  // The other tenant goes on.
  for (const std::string& service : dev::ServiceNames()) {
    RETURN_IF_ERROR(Ask(*world.a.client, service));
  }
  return StrCat(world.b.slug, " suspended: all five services refuse it within ",
                absl::FormatDuration(absl::Trunc(took, absl::Milliseconds(1))), "; ", world.a.slug,
                " goes on");
}

}  // namespace kasbah::cli
