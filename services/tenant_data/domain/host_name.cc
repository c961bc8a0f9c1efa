#include "services/tenant_data/domain/host_name.h"

#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/domain_proof.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;

// RFC 6761, 6762, 7686, 8375, 9476, and what routers and companies use inside.
constexpr auto kSpecialUse = std::to_array<std::string_view>({
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
});

std::vector<std::string> LabelsOf(std::string_view host) {
  return absl::StrSplit(ToAbsl(host), '.');
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
         });
}

// What parsers of addresses take for a number: decimal, octal, hexadecimal.
bool IsNumber(std::string_view label) {
  const bool is_hex = label.starts_with("0x") || label.starts_with("0X");
  const std::string_view digits = is_hex ? label.substr(2) : label;
  return std::all_of(digits.begin(), digits.end(), [is_hex](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return is_hex ? absl::ascii_isxdigit(byte) : absl::ascii_isdigit(byte);
  });
}

absl::StatusOr<std::string> ToAscii(std::string_view text) {
  char* out = nullptr;
  // Without IDN2_USE_STD3_ASCII_RULES, which takes characters out instead of refusing them:
  // user@example.com would be userexample.com.
  const int result =
      idn2_to_ascii_8z(std::string(text).c_str(), &out,
                       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_ALABEL_ROUNDTRIP);
  const std::unique_ptr<char, decltype(&idn2_free)> owned(out, &idn2_free);
  if (result != IDN2_OK) return InvalidField("host", "is not a domain name");
  return absl::AsciiStrToLower(owned.get());
}

bool IsPublicSuffix(const std::string& host) {
  // The distribution's list where it is newer than the one that the library was built with.
  static const psl_ctx_t* const list = psl_latest(nullptr);
  return psl_is_public_suffix2(list != nullptr ? list : psl_builtin(), host.c_str(),
                               PSL_TYPE_ANY) != 0;
}

}  // namespace

absl::StatusOr<std::string> ParseHost(std::string_view text, std::string_view base_domain) {
  if (text.find('\0') != std::string_view::npos) {
    return InvalidField("host", "is not a domain name");
  }
  if (text.find(':') != std::string_view::npos || text.find('/') != std::string_view::npos) {
    return InvalidField("host", "must be a name alone, without scheme, port or path");
  }
  if (text.find('*') != std::string_view::npos) {
    return InvalidField("host", "must not be a wildcard");
  }
  ASSIGN_OR_RETURN(std::string host, ToAscii(text));
  if (!host.empty() && host.back() == '.') host.pop_back();
  const std::vector<std::string> labels = LabelsOf(host);
  if (!std::all_of(labels.begin(), labels.end(), [](const auto& l) { return IsLabel(l); })) {
    return InvalidField("host", "must be labels of letters, digits and inner hyphens");
  }
  if (IsNumber(labels.back())) return InvalidField("host", "must not be an IP address");
  if (labels.size() < 2) return InvalidField("host", "must have at least two labels");
  if (ChallengeName(host).size() > kLongestName) {
    return InvalidField("host", StrCat("must have at most ",
                                       kLongestName - ChallengeName("").size(), " characters"));
  }
  if (std::find(kSpecialUse.begin(), kSpecialUse.end(), labels.back()) != kSpecialUse.end()) {
    return InvalidField("host",
                        StrCat("must not be below .", labels.back(), ", which is for special use"));
  }
  if (!base_domain.empty() && IsWithin(host, base_domain)) {
    return InvalidField("host", "belongs to the installation; tenants have their slug there");
  }
  if (IsPublicSuffix(host)) {
    return InvalidField("host", "is a public suffix, below which others register names");
  }
  return host;
}

std::optional<std::string> NormaliseHost(std::string_view text) {
  std::string host = absl::AsciiStrToLower(ToAbsl(text));
  if (!host.empty() && host.back() == '.') host.pop_back();
  if (host.empty() || host.size() > kLongestName) return std::nullopt;
  for (const std::string& label : LabelsOf(host)) {
    if (!IsLabel(label)) return std::nullopt;
  }
  return host;
}

std::optional<std::string> SubdomainOf(std::string_view host, std::string_view base_domain) {
  if (base_domain.empty() || host.size() <= base_domain.size() || !IsWithin(host, base_domain)) {
    return std::nullopt;
  }
  const std::string_view before = host.substr(0, host.size() - base_domain.size() - 1);
  if (before.find('.') != std::string_view::npos) return std::nullopt;
  return std::string(before);
}

bool IsWithin(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

}  // namespace kasbah::tenantdata
