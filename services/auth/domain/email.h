#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::auth {

// The one form in which an e-mail address is kept and compared: spaces around it gone, lower case
// throughout (RFC 5321 would let a mailbox name differ by case; no provider does, and people do not
// type it twice the same).
//
// INVALID_ARGUMENT on field `email`, saying what is wrong, for anything that is not local@domain
// with a dot-atom (RFC 5322, 3.2.3) of at most 64 bytes and a host name of at least two labels, 254
// bytes together. Quoted mailbox names, address literals and characters outside ASCII are refused;
// an internationalised domain is written in its xn-- form.
absl::StatusOr<std::string> NormaliseEmail(std::string_view text);

}  // namespace kasbah::auth
