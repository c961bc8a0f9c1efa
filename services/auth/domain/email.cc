#include "services/auth/domain/email.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::auth {
namespace {

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isascii(static_cast<unsigned char>(c)); });
}

std::vector<std::string> Labels(std::string_view text) { return absl::StrSplit(ToAbsl(text), '.'); }

bool IsDotAtom(std::string_view text) {
  constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~";
  for (const std::string& atom : Labels(text)) {
    if (atom.empty()) return false;
    for (const char c : atom) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
          kSpecial.find(c) == std::string_view::npos) {
        return false;
      }
    }
  }
  return true;
}

bool IsHostName(std::string_view text) {
  const std::vector<std::string> labels = Labels(text);
  if (labels.size() < 2) return false;
  for (const std::string& label : labels) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    for (const char c : label) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-') return false;
    }
  }
  // An address literal without its brackets is no domain.
  return !std::all_of(labels.back().begin(), labels.back().end(),
                      [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

}  // namespace

absl::StatusOr<std::string> NormaliseEmail(std::string_view text) {
  const std::string address = absl::AsciiStrToLower(absl::StripAsciiWhitespace(ToAbsl(text)));
  const size_t at = address.rfind('@');
  if (at == std::string::npos) {
    return InvalidField("email", "must be an address like name@example.com");
  }
  const std::string local = address.substr(0, at);
  const std::string domain = address.substr(at + 1);
  if (!IsAscii(domain)) {
    return InvalidField("email",
                        "the domain must be in ASCII; write an international one as xn--…");
  }
  if (!IsAscii(local)) return InvalidField("email", "the part before @ must be in ASCII");
  if (local.size() > 64 || !IsDotAtom(local)) {
    return InvalidField("email", "the part before @ is not a mailbox name");
  }
  if (address.size() > 254 || !IsHostName(domain)) {
    return InvalidField("email", "the part after @ is not a domain name");
  }
  return address;
}

}  // namespace kasbah::auth
