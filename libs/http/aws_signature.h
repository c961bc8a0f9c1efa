#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/http/client.h"

namespace kasbah::http {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  // Of temporary ones; else empty.
  std::string session_token;
};

// Signs `request` as AWS wants it (Signature Version 4, AWS4-HMAC-SHA256): adds the headers
// x-amz-date, x-amz-security-token where there is a token, and authorization. Every header that the
// request has by then is signed, host too. `region` is "eu-central-1", `service` "kms". The URL's
// path and query must be percent-encoded as they are to be sent. INVALID_URL.
absl::Status SignForAws(const AwsCredentials& credentials, std::string_view region,
                        std::string_view service, absl::Time now, ClientRequest* request);

}  // namespace kasbah::http
