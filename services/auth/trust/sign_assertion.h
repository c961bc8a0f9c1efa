#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/identity.h"
#include "services/auth/trust/signing_key.h"

namespace kasbah::auth {

// The assertion as a token of auth's, whose own SPIFFE id `identity` is.
absl::StatusOr<std::string> SignAssertion(const rpc::Assertion& assertion,
                                          const rpc::SpiffeId& identity,
                                          const SigningKey::InUse& signer);

}  // namespace kasbah::auth
