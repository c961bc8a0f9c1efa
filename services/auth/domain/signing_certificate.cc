#include "services/auth/domain/signing_certificate.h"

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::auth {

std::string KeyIdOf(std::string_view public_key) {
  return crypto::Base64Url(crypto::Sha256(
      StrCat(R"({"crv":"Ed25519","kty":"OKP","x":")", crypto::Base64Url(public_key), R"("})")));
}

std::string CertificateText(std::string_view issuer, const CertifiedKey& key) {
  return StrCat("kasbah assertion certificate v1\n", issuer, "\n", key.key_id, "\n",
                crypto::Base64Url(key.public_key), "\n", absl::ToUnixSeconds(key.not_after), "\n");
}

std::string ToJwk(const CertifiedKey& key) {
  return StrCat(R"({"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":")", key.key_id,
                R"(","x":")", crypto::Base64Url(key.public_key), R"("})");
}

}  // namespace kasbah::auth
