#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/client/client.h"
#include "cli/demo/demo_tenant.h"
#include "cli/tour/receiver.h"
#include "libs/dev/supervisor.h"

namespace kasbah::cli {

// One of the tour's two tenants, as its own program sees the services.
struct TourTenant {
  std::string slug;
  NewTenant identity;
  std::unique_ptr<Client> client;
};

// What the steps of a tour share; each adds what later ones look at.
struct World {
  dev::Supervisor* supervisor = nullptr;
  // Of this run: tenants of earlier ones keep theirs.
  std::string run;

  TourTenant a;
  TourTenant b;

  // Tenant A's: a record and a secret that step 4 asks for, and step 5 changes.
  std::string record_id;
  std::string secret_id;
  std::string secret_path;

  std::unique_ptr<Receiver> receiver;

  const dev::Installation& installation() const { return supervisor->installation(); }
  absl::StatusOr<std::unique_ptr<Client>> OperatorFor(const TourTenant& tenant) const;
};

// FAILED_PRECONDITION with the expectation when it does not hold: "expected the record to be gone".
absl::Status Expect(bool holds, std::string_view expectation);

// A call that has to be refused with this reason. `what` names it: "B reading A's record".
absl::Status ExpectRefused(const absl::Status& status, std::string_view reason,
                           std::string_view what);

// Asks until `holds` is true. DEADLINE_EXCEEDED with the expectation when it is not in time; an
// error of `holds` itself ends the waiting.
absl::Status WaitFor(absl::Duration timeout, std::string_view expectation,
                     const std::function<absl::StatusOr<bool>()>& holds);

}  // namespace kasbah::cli
