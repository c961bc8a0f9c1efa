#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// A record's ciphertexts by field, as the column `sealed` packs them: for each, the field's 16
// bytes, a 32 bit length, big endian, and the ciphertext as the vault made it.
using SealedValues = std::map<FieldId, std::string>;

std::string PackSealed(const SealedValues& values);
// DATA_LOSS for bytes that PackSealed did not make.
absl::StatusOr<SealedValues> UnpackSealed(std::string_view packed);

}  // namespace kasbah::tenantdata
