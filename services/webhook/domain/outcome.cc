#include "services/webhook/domain/outcome.h"

#include "libs/base/error.h"
#include "libs/http/retry_after.h"

namespace kasbah::webhook {

AttemptResult ResultOf(const absl::StatusOr<http::ClientResponse>& response, absl::Time now) {
  AttemptResult result;
  if (!response.ok()) {
    const std::string reason = ReasonOf(response.status());
    if (reason == http::reason::kStopped) result.kind = AttemptResult::Kind::kInterrupted;
    result.error = reason.empty() ? std::string(http::reason::kProtocol) : reason;
    return result;
  }
  result.http_status = response->status;
  if (response->status >= 200 && response->status < 300) {
    result.kind = AttemptResult::Kind::kDelivered;
    return result;
  }
  result.error = "HTTP_STATUS";
  if (response->status == 410) result.kind = AttemptResult::Kind::kGone;
  if (response->status == 429 || response->status == 503) {
    result.retry_after = http::RetryAfterOf(*response, now);
  }
  return result;
}

}  // namespace kasbah::webhook
