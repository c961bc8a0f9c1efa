#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::dns {

// UNAVAILABLE, reason DNS_FAILED: nobody can tell from this whether there are records.
absl::Status DnsFailed(std::string_view why);

// TXT records of `name` in a DNS message (RFC 1035, section 4) that answers a question for them:
// each record's strings joined, in the message's order. Records of other names are not ours, unless
// CNAMEs of the same message lead there. Empty when the message says that there are none;
// DNS_FAILED for a message that is broken, or full of answers to something else.
absl::StatusOr<std::vector<std::string>> ParseTxtAnswer(std::string_view name,
                                                        std::string_view message);

}  // namespace kasbah::dns
