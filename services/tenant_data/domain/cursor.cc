#include "services/tenant_data/domain/cursor.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kTagBytes = 16;
constexpr size_t kIdBytes = 16;

// What stands first in a cursor's bytes.
enum class Form : char { kNoValue = 'n', kLacks = 'l', kText = 't', kInteger = 'i', kTime = 's' };

absl::Status Refused() { return InvalidField("page_token", "is not a token of this list"); }

std::string TagOf(const crypto::SecretBytes& key, std::string_view list, std::string_view bytes) {
  return crypto::HmacSha256(key, StrCat(list.size(), ":", list, bytes)).substr(0, kTagBytes);
}

std::string Signed(const crypto::SecretBytes& key, std::string_view list, std::string bytes) {
  bytes.append(TagOf(key, list, bytes));
  return crypto::Base64Url(bytes);
}

absl::StatusOr<std::string> Verified(const crypto::SecretBytes& key, std::string_view list,
                                     std::string_view token) {
  absl::StatusOr<std::string> bytes = crypto::ParseBase64Url(token);
  if (!bytes.ok() || bytes->size() < kTagBytes) return Refused();
  const std::string tag = bytes->substr(bytes->size() - kTagBytes);
  bytes->resize(bytes->size() - kTagBytes);
  if (!crypto::ConstantTimeEquals(tag, TagOf(key, list, *bytes))) return Refused();
  return bytes;
}

std::string ToBytes(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((bits >> shift) & 0xFF));
  }
  return bytes;
}

int64_t ToNumber(std::string_view bytes) {
  uint64_t bits = 0;
  for (char c : bytes) bits = (bits << 8) | static_cast<unsigned char>(c);
  return static_cast<int64_t>(bits);
}

}  // namespace

std::string FormatCursor(const crypto::SecretBytes& key, std::string_view list,
                         const Cursor& cursor) {
  Form form = cursor.lacks_value ? Form::kLacks : Form::kNoValue;
  std::string value;
  if (cursor.value.text) {
    form = Form::kText;
    value = *cursor.value.text;
  } else if (cursor.value.integer) {
    form = Form::kInteger;
    value = ToBytes(*cursor.value.integer);
  } else if (cursor.value.time) {
    form = Form::kTime;
    value = ToBytes(absl::ToUnixMicros(*cursor.value.time));
  }
  std::string bytes(1, static_cast<char>(form));
  bytes.append(cursor.record.uuid().view());
  bytes.append(value);
  return Signed(key, list, std::move(bytes));
}

absl::StatusOr<std::optional<Cursor>> ParseCursor(const crypto::SecretBytes& key,
                                                  std::string_view list, std::string_view token) {
  if (token.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string bytes, Verified(key, list, token));
  if (bytes.size() < 1 + kIdBytes) return Refused();
  Cursor cursor;
  ASSIGN_OR_RETURN(const Uuid record, Uuid::FromBytes(std::string_view(bytes).substr(1, kIdBytes)));
  cursor.record = RecordId(record);
  const std::string value = bytes.substr(1 + kIdBytes);
  switch (static_cast<Form>(bytes[0])) {
    case Form::kNoValue:
      break;
    case Form::kLacks:
      cursor.lacks_value = true;
      break;
    case Form::kText:
      cursor.value.text = value;
      break;
    case Form::kInteger:
      cursor.value.integer = ToNumber(value);
      break;
    case Form::kTime:
      cursor.value.time = absl::FromUnixMicros(ToNumber(value));
      break;
    default:
      return Refused();
  }
  return std::make_optional(std::move(cursor));
}

std::string FormatVersionCursor(const crypto::SecretBytes& key, std::string_view list,
                                uint64_t version) {
  return Signed(key, list, ToBytes(static_cast<int64_t>(version)));
}

absl::StatusOr<std::optional<uint64_t>> ParseVersionCursor(const crypto::SecretBytes& key,
                                                           std::string_view list,
                                                           std::string_view token) {
  if (token.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string bytes, Verified(key, list, token));
  if (bytes.size() != 8) return Refused();
  return std::make_optional(static_cast<uint64_t>(ToNumber(bytes)));
}

}  // namespace kasbah::tenantdata
