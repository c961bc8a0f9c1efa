#include "cli/client/failure.h"

#include <map>
#include <optional>
#include <string_view>

#include "absl/strings/cord.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

constexpr absl::string_view kServiceUrl = "kasbah.dev/cli/service";
constexpr absl::string_view kRequestUrl = "kasbah.dev/cli/request";

std::string Payload(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

// What to do about a reason, where that is more than reading the message.
std::string_view AdviceFor(const absl::Status& status, const std::string& reason) {
  static const auto* advice = new std::map<std::string, std::string_view, std::less<>>{
      {"PEER_UNAVAILABLE",
       "Is it running? `kasbah dev status` shows what runs here, `kasbah contexts show` where this "
       "command looks."},
      {"PEER_NOT_ALLOWED",
       "No role would help: this certificate may not make the call at all. What operators do takes "
       "an "
       "operator's, in a context of its own: kasbah contexts list"},
      {"ACTOR_NOT_ALLOWED",
       "For operator: a context without api_key_file (kasbah contexts list). For api_key or user: "
       "an "
       "API key of the tenant, made with `kasbah --tenant TENANT api-keys create NAME --role "
       "ROLE`, in "
       "the file that the context's api_key_file names. For tenant_workload: a registered program "
       "(kasbah workloads create)."},
      {"TENANT_SUSPENDED", "An operator ends the suspension with: kasbah tenants resume TENANT"},
      {"TENANT_CLOSED", "It was closed for good: a closed tenant cannot be opened again."},
      {"DOMAIN_UNPROVED",
       "Publish the TXT record that `kasbah domains get DOMAIN` shows, and give DNS a moment."},
      {"ETAG_MISMATCH", "Somebody changed it meanwhile: read it again and repeat the change."},
      {"CREDENTIAL_INVALID",
       "The API key is unknown, revoked or expired. An operator makes one with: kasbah api-keys "
       "create"},
      {"COMMIT_UNKNOWN",
       "The change may or may not have been made: look, or repeat it with the same --request-id."},
      {"CUSTOMER_SUSPENDED", "End the suspension with: kasbah customers resume CUSTOMER"},
      {"OVERLOADED", "The service is busy: try again in a moment."},
      {"DATABASE_UNAVAILABLE", "The service cannot reach PostgreSQL; it recovers by itself."},
  };
  if (const auto found = advice->find(reason); found != advice->end()) return found->second;
  if (status.code() == absl::StatusCode::kPermissionDenied) {
    return "This identity's role does not allow it (docs/permissions.md says which do); others: "
           "kasbah contexts list";
  }
  return "";
}

}  // namespace

absl::Status FromService(absl::Status status, const std::string& service,
                         const std::string& request_id) {
  if (status.ok()) return status;
  status.SetPayload(kServiceUrl, absl::Cord(service));
  status.SetPayload(kRequestUrl, absl::Cord(request_id));
  return status;
}

bool IsRemote(const absl::Status& status) { return status.GetPayload(kServiceUrl).has_value(); }

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return IsRemote(status) ? kExitRemote : kExitLocal;
}

std::string Explain(const absl::Status& status) {
  std::string text(status.message());
  if (!IsRemote(status)) return text;
  const ErrorDetails details = DetailsOf(status);
  for (const Violation& violation : details.violations) {
    StrAppend(&text, "\n  field    ", violation.field, ": ", violation.description);
  }
  const std::string reason =
      details.reason.empty() ? absl::StatusCodeToString(status.code()) : details.reason;
  StrAppend(&text, "\n  reason   ", reason, " (", absl::StatusCodeToString(status.code()), " from ",
            Payload(status, kServiceUrl), ")");
  StrAppend(&text, "\n  request  ", Payload(status, kRequestUrl));
  if (details.retry_delay.has_value()) {
    StrAppend(&text, "\n  retry    in ", absl::FormatDuration(*details.retry_delay));
  }
  if (const std::string_view advice = AdviceFor(status, reason); !advice.empty()) {
    StrAppend(&text, "\n", advice);
  }
  return text;
}

}  // namespace kasbah::cli
