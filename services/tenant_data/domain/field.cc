#include "services/tenant_data/domain/field.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"

namespace kasbah::tenantdata {
namespace {

constexpr auto kNames = std::to_array<std::pair<FieldType, std::string_view>>({
    {FieldType::kText, "text"},
    {FieldType::kInteger, "integer"},
    {FieldType::kDecimal, "decimal"},
    {FieldType::kBoolean, "boolean"},
    {FieldType::kDate, "date"},
    {FieldType::kTimestamp, "timestamp"},
    {FieldType::kChoice, "choice"},
    {FieldType::kEmail, "email"},
    {FieldType::kUrl, "url"},
    {FieldType::kLongText, "long_text"},
    {FieldType::kRichText, "rich_text"},
    {FieldType::kMultiChoice, "multi_choice"},
    {FieldType::kReference, "reference"},
    {FieldType::kSecretReference, "secret_reference"},
    {FieldType::kFile, "file"},
    {FieldType::kJson, "json"},
});

}  // namespace

std::string_view FieldTypeName(FieldType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return name;
  }
  return "";
}

FieldType ParseFieldType(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  return FieldType::kUnspecified;
}

bool IsKey(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (!absl::ascii_islower(static_cast<unsigned char>(text[0]))) return false;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '_') return false;
  }
  return true;
}

}  // namespace kasbah::tenantdata
