#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// A domain is proved by a TXT record on a name of its own: the domain itself may have a CNAME,
// beside which no other record is allowed (RFC 1034, section 3.6.2).

// "_kasbah-challenge.shop.example.com".
std::string ChallengeName(std::string_view host);

// "kasbah-domain=" and 43 characters, derived from a nonce of 32 random bytes, the tenant and the
// host, so that a record that one tenant was told to publish proves nothing of another tenant or
// host.
std::string ChallengeValue(TenantId tenant, std::string_view host, std::string_view nonce);

// Whether one of the TXT records is `value`, which is case sensitive; blanks around it are
// forgiven, since some DNS providers add them. Records are compared in constant time.
bool IsProvedBy(const std::vector<std::string>& records, std::string_view value);

}  // namespace kasbah::tenantdata
