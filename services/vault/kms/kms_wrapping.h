#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/aws/kms.h"
#include "libs/crypto/secret_bytes.h"
#include <nlohmann/json_fwd.hpp>

namespace kasbah::vault {

// A key wrapped by a symmetric key of AWS KMS, bound to `context`, which CloudTrail shows. Errors
// as of aws::Kms.
absl::StatusOr<std::string> WrapByKms(aws::Kms& kms, const std::string& key_id,
                                      const nlohmann::json& context,
                                      const crypto::SecretBytes& key);
absl::StatusOr<crypto::SecretBytes> UnwrapByKms(aws::Kms& kms, const std::string& key_id,
                                                const nlohmann::json& context,
                                                std::string_view wrapped);

}  // namespace kasbah::vault
