#pragma once

#include "absl/time/time.h"
#include "libs/http/client.h"

namespace kasbah::reporting {

// How long Sentry wants no more errors, by an answer of any status: X-Sentry-Rate-Limits
// ("60:error;default:organization, 2700::key"), of which a limit without categories is of all; or
// else, with 429, Retry-After, and a minute where that says nothing. A day at the most.
absl::Duration SentryPause(const http::ClientResponse& response, absl::Time now);

}  // namespace kasbah::reporting
