#include "libs/crypto/rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <utility>

#include "absl/status/status.h"
#include "libs/base/error.h"
#include "libs/crypto/openssl_ptr.h"

namespace kasbah::crypto {
namespace {

constexpr int kSmallestModulus = 2048;
constexpr int kLargestModulus = 8192;
constexpr int kLargestExponent = 33;

using Key = KeyPtr;
using KeyContext = KeyContextPtr;
using DigestContext = DigestContextPtr;
using Builder = ParamBuilderPtr;
using Params = ParamsPtr;
using Number = OpenSslPtr<BIGNUM, BN_free>;

const uint8_t* Bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }

Number ToNumber(std::string_view bytes) {
  Number number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
  KASBAH_CHECK(number != nullptr);
  return number;
}

}  // namespace

struct RsaPublicKey::State {
  Key key;
};

absl::StatusOr<RsaPublicKey> RsaPublicKey::FromNumbers(std::string_view modulus,
                                                       std::string_view exponent) {
  const absl::Status refused =
      absl::InvalidArgumentError("an RSA key has 2,048 to 8,192 bits and an odd exponent from 3");
  if (modulus.size() > kLargestModulus / 8 + 1 || exponent.size() > 8) return refused;
  const Number n = ToNumber(modulus);
  const Number e = ToNumber(exponent);
  if (BN_num_bits(n.get()) < kSmallestModulus || BN_num_bits(n.get()) > kLargestModulus ||
      BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1 ||
      BN_num_bits(e.get()) >= kLargestExponent) {
    return refused;
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  KASBAH_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
               OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  KASBAH_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return refused;
  }
  auto state = std::make_shared<State>();
  state->key = Key(made);
  RsaPublicKey key;
  key.state_ = std::move(state);
  return key;
}

bool RsaPublicKey::Verify(std::string_view message, std::string_view signature) const {
  if (state_ == nullptr) return false;
  const DigestContext context(EVP_MD_CTX_new());
  // PKCS #1 v1.5 is what EVP pads with unless it is told otherwise.
  KASBAH_CHECK(
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1);
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

}  // namespace kasbah::crypto
