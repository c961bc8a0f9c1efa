#include "cli/tour/world.h"

#include "absl/time/clock.h"
#include "cli/demo/identities.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::cli {

absl::StatusOr<std::unique_ptr<Client>> World::OperatorFor(const TourTenant& tenant) const {
  return OperatorClient(installation(), tenant.identity.tenant_id);
}

absl::Status Expect(bool holds, std::string_view expectation) {
  if (holds) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("expected ", expectation));
}

absl::Status ExpectRefused(const absl::Status& status, std::string_view reason,
                           std::string_view what) {
  if (ReasonOf(status) == reason) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("expected ", what, " to be refused with ", reason, ", but it was ",
             status.ok() ? std::string("allowed") : status.ToString()));
}

absl::Status WaitFor(absl::Duration timeout, std::string_view expectation,
                     const std::function<absl::StatusOr<bool>()>& holds) {
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    const absl::StatusOr<bool> answer = holds();
    if (!answer.ok()) return answer.status();
    if (*answer) return absl::OkStatus();
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          StrCat("expected ", expectation, " within ", absl::FormatDuration(timeout)));
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
}

}  // namespace kasbah::cli
