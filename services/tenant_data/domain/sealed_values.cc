#include "services/tenant_data/domain/sealed_values.h"

#include <utility>

#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kHeaderBytes = 16 + 4;

}  // namespace

std::string PackSealed(const SealedValues& values) {
  std::string packed;
  for (const auto& [field, ciphertext] : values) {
    packed.append(field.uuid().view());
    const auto size = static_cast<uint32_t>(ciphertext.size());
    for (int shift = 24; shift >= 0; shift -= 8) {
      packed.push_back(static_cast<char>((size >> shift) & 0xFF));
    }
    packed.append(ciphertext);
  }
  return packed;
}

absl::StatusOr<SealedValues> UnpackSealed(std::string_view packed) {
  SealedValues values;
  while (!packed.empty()) {
    if (packed.size() < kHeaderBytes) return absl::DataLossError("sealed values are cut short");
    ASSIGN_OR_RETURN(const Uuid field, Uuid::FromBytes(packed.substr(0, 16)));
    uint32_t size = 0;
    for (char c : packed.substr(16, 4)) size = (size << 8) | static_cast<unsigned char>(c);
    packed.remove_prefix(kHeaderBytes);
    if (packed.size() < size) return absl::DataLossError("sealed values are cut short");
    values.emplace(FieldId(field), packed.substr(0, size));
    packed.remove_prefix(size);
  }
  return values;
}

}  // namespace kasbah::tenantdata
