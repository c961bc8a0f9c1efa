#include "services/auth/trust/sign_assertion.h"

#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::auth {

absl::StatusOr<std::string> SignAssertion(const rpc::Assertion& assertion,
                                          const rpc::SpiffeId& identity,
                                          const SigningKey::InUse& signer) {
  return rpc::EncodeAssertion(assertion, identity.ToString(), identity.domain, signer.key_id,
                              crypto::Base64Url(crypto::RandomBytes(16)),
                              [&](std::string_view input) -> absl::StatusOr<std::string> {
                                return signer.key.Sign(input);
                              });
}

}  // namespace kasbah::auth
