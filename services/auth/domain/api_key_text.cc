#include "services/auth/domain/api_key_text.h"

#include <array>
#include <cstdint>
#include <utility>

#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "services/auth/domain/base62.h"

namespace kasbah::auth {
namespace {

constexpr std::string_view kPrefix = "ksb_key_";
constexpr size_t kIdWidth = 22;
constexpr size_t kRandomBytes = 32;
constexpr size_t kRandomWidth = 43;
constexpr size_t kCheckWidth = 6;
constexpr size_t kSize = kPrefix.size() + 2 * kIdWidth + kRandomWidth + kCheckWidth;
constexpr size_t kDisplayed = 20;

std::string Check(std::string_view body) {
  const uint32_t crc = crypto::Crc32c(body);
  const std::array<char, 4> bytes = {static_cast<char>(crc >> 24), static_cast<char>(crc >> 16),
                                     static_cast<char>(crc >> 8), static_cast<char>(crc)};
  return EncodeBase62({bytes.data(), bytes.size()});
}

std::optional<Uuid> ParseId(std::string_view text) {
  const std::optional<std::string> bytes = ParseBase62(text, 16);
  if (!bytes) return std::nullopt;
  const absl::StatusOr<Uuid> id = Uuid::FromBytes(*bytes);
  if (!id.ok()) return std::nullopt;
  return *id;
}

}  // namespace

ApiKeyText ApiKeyText::Make(TenantId tenant, ApiKeyId id) {
  std::string text =
      StrCat(kPrefix, EncodeBase62(id.uuid().view()), EncodeBase62(tenant.uuid().view()),
             EncodeBase62(crypto::RandomBytes(kRandomBytes)));
  text += Check(text);
  return ApiKeyText{id, tenant, std::move(text)};
}

std::optional<ApiKeyText> ApiKeyText::Parse(std::string_view text) {
  if (text.size() != kSize || !text.starts_with(kPrefix)) return std::nullopt;
  const size_t body = kSize - kCheckWidth;
  if (Check(text.substr(0, body)) != text.substr(body)) return std::nullopt;
  const std::optional<Uuid> id = ParseId(text.substr(kPrefix.size(), kIdWidth));
  const std::optional<Uuid> tenant = ParseId(text.substr(kPrefix.size() + kIdWidth, kIdWidth));
  const size_t random = kPrefix.size() + 2 * kIdWidth;
  if (!id || !tenant || !ParseBase62(text.substr(random, kRandomWidth), kRandomBytes)) {
    return std::nullopt;
  }
  return ApiKeyText{ApiKeyId(*id), TenantId(*tenant), std::string(text)};
}

std::string ApiKeyText::Hash() const { return crypto::Sha256(text); }

std::string ApiKeyText::DisplayPrefix() const { return text.substr(0, kDisplayed); }

}  // namespace kasbah::auth
