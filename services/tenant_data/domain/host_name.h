#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// The host of a custom domain, as it is compared: lower case, A-labels (IDNA2008 with UTS 46
// mapping, non-transitional), no dot at the end. INVALID_ARGUMENT at "host" for what a tenant
// cannot own: addresses, single labels, wildcards, labels that break RFC 1123 or IDNA, public
// suffixes (publicsuffix.org, private section included), names for special use (RFC 6761 and the
// like), `base_domain` and whatever is below it, and what leaves no room for the challenge's own
// name.
absl::StatusOr<std::string> ParseHost(std::string_view text, std::string_view base_domain);

// A host as browsers send it: ASCII, any case, one dot at the end forgiven. nullopt for anything
// else.
std::optional<std::string> NormaliseHost(std::string_view text);

// The one label that stands before `base_domain` in a normalised host; nullopt where there is none
// or more than one, or no base domain.
std::optional<std::string> SubdomainOf(std::string_view host, std::string_view base_domain);

// Whether it is `domain` or below it.
bool IsWithin(std::string_view host, std::string_view domain);

}  // namespace kasbah::tenantdata
