#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kasbah::webhook {

// An endpoint's secret as its owner is shown it, once: "whsec_" and base64 of its bytes.
std::string SecretText(std::string_view secret);

// What is signed, per Standard Webhooks 1.0.0: "<id>.<unix seconds>.<body>".
std::string StandardContent(std::string_view webhook_id, int64_t timestamp, std::string_view body);
// What X-Kasbah-Signature signs, for receivers that do not know that recipe: "<unix
// seconds>.<body>". The key is the same: the decoded bytes, not the text that begins with whsec_.
std::string PlainContent(int64_t timestamp, std::string_view body);

// The headers of one attempt. The MACs are 32 bytes of HMAC-SHA256 over the contents above:
//   webhook-id, webhook-timestamp, webhook-signature: v1,<base64>
//   x-kasbah-signature: t=<unix seconds>,v1=<hex>
std::vector<std::pair<std::string, std::string>> SignatureHeaders(std::string_view webhook_id,
                                                                  int64_t timestamp,
                                                                  std::string_view standard_mac,
                                                                  std::string_view plain_mac);

}  // namespace kasbah::webhook
