#include "services/webhook/domain/signature.h"

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"

namespace kasbah::webhook {

std::string SecretText(std::string_view secret) { return "whsec_" + crypto::Base64(secret); }

std::string StandardContent(std::string_view webhook_id, int64_t timestamp, std::string_view body) {
  return StrCat(webhook_id, ".", timestamp, ".", body);
}

std::string PlainContent(int64_t timestamp, std::string_view body) {
  return StrCat(timestamp, ".", body);
}

std::vector<std::pair<std::string, std::string>> SignatureHeaders(std::string_view webhook_id,
                                                                  int64_t timestamp,
                                                                  std::string_view standard_mac,
                                                                  std::string_view plain_mac) {
  return {{"webhook-id", std::string(webhook_id)},
          {"webhook-timestamp", StrCat(timestamp)},
          {"webhook-signature", "v1," + crypto::Base64(standard_mac)},
          {"x-kasbah-signature", StrCat("t=", timestamp, ",v1=", crypto::Hex(plain_mac))}};
}

}  // namespace kasbah::webhook
