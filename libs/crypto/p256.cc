#include "libs/crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <utility>

#include "absl/status/status.h"
#include "libs/base/error.h"
#include "libs/crypto/openssl_ptr.h"

namespace kasbah::crypto {
namespace {

constexpr size_t kScalarSize = 32;
constexpr size_t kPointSize = 65;
constexpr size_t kLongestSignature = 72;

using Key = KeyPtr;
using KeyContext = KeyContextPtr;
using DigestContext = DigestContextPtr;
using Builder = ParamBuilderPtr;
using Params = ParamsPtr;
using SecretNumber = OpenSslPtr<BIGNUM, BN_clear_free>;
using NumberContext = OpenSslPtr<BN_CTX, BN_CTX_free>;
using Group = OpenSslPtr<EC_GROUP, EC_GROUP_free>;
using Point = OpenSslPtr<EC_POINT, EC_POINT_free>;
using Signature = OpenSslPtr<ECDSA_SIG, ECDSA_SIG_free>;

const uint8_t* Bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }
uint8_t* Bytes(std::string& s) { return reinterpret_cast<uint8_t*>(s.data()); }

// `scalar` may be null, for a public key alone. Null for a point that is none.
Key MakeKey(std::string_view point, const BIGNUM* scalar) {
  const Builder builder(OSSL_PARAM_BLD_new());
  KASBAH_CHECK(
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1);
  KASBAH_CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                point.data(), point.size()) == 1);
  if (scalar != nullptr) {
    KASBAH_CHECK(OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar,
                                            kScalarSize) == 1);
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  KASBAH_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  const int selection = scalar != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) return nullptr;
  return Key(key);
}

}  // namespace

struct P256Key::State {
  Key key;
  std::string public_key;
};

P256Key::P256Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P256Key::P256Key(P256Key&&) noexcept = default;
P256Key& P256Key::operator=(P256Key&&) noexcept = default;
P256Key::~P256Key() = default;

absl::StatusOr<P256Key> P256Key::FromSeed(const SecretBytes& seed) {
  if (seed.size() != kSeedSize) return absl::InvalidArgumentError("a P-256 seed is 48 bytes");
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const NumberContext numbers(BN_CTX_secure_new());
  // (seed mod (n - 1)) + 1.
  const SecretNumber order(BN_dup(EC_GROUP_get0_order(group.get())));
  KASBAH_CHECK(BN_sub_word(order.get(), 1) == 1);
  const SecretNumber scalar(
      BN_bin2bn(Bytes(seed.view(SecretAccess::ForPrimitive())), kSeedSize, nullptr));
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  KASBAH_CHECK(BN_mod(scalar.get(), scalar.get(), order.get(), numbers.get()) == 1 &&
               BN_add_word(scalar.get(), 1) == 1);
  const Point point(EC_POINT_new(group.get()));
  KASBAH_CHECK(
      EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, numbers.get()) == 1);
  auto state = std::make_unique<State>();
  state->public_key.resize(kPointSize);
  KASBAH_CHECK(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                  Bytes(state->public_key), kPointSize,
                                  numbers.get()) == kPointSize);
  state->key = MakeKey(state->public_key, scalar.get());
  KASBAH_CHECK(state->key != nullptr);
  return P256Key(std::move(state));
}

const std::string& P256Key::public_key() const { return state_->public_key; }

std::string P256Key::Sign(std::string_view message) const {
  std::string signature(kLongestSignature, '\0');
  size_t size = signature.size();
  const DigestContext context(EVP_MD_CTX_new());
  KASBAH_CHECK(
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1);
  KASBAH_CHECK(
      EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message), message.size()) == 1);
  signature.resize(size);
  return signature;
}

struct P256PublicKey::State {
  Key key;
};

absl::StatusOr<P256PublicKey> P256PublicKey::FromPoint(std::string_view point) {
  if (point.size() != kPointSize || point.front() != '\x04') {
    return absl::InvalidArgumentError("a P-256 public key is 65 bytes, beginning with 4");
  }
  auto state = std::make_shared<State>();
  state->key = MakeKey(point, nullptr);
  if (state->key == nullptr) {
    return absl::InvalidArgumentError("a P-256 public key is a point on the curve");
  }
  P256PublicKey key;
  key.state_ = std::move(state);
  return key;
}

bool P256PublicKey::Verify(std::string_view message, std::string_view signature) const {
  if (state_ == nullptr) return false;
  const DigestContext context(EVP_MD_CTX_new());
  KASBAH_CHECK(
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1);
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

bool P256PublicKey::VerifyRaw(std::string_view message, std::string_view signature) const {
  if (signature.size() != 2 * kScalarSize) return false;
  const Signature numbers(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(Bytes(signature), kScalarSize, nullptr);
  BIGNUM* const s = BN_bin2bn(Bytes(signature) + kScalarSize, kScalarSize, nullptr);
  KASBAH_CHECK(numbers != nullptr && ECDSA_SIG_set0(numbers.get(), r, s) == 1);
  std::string der(kLongestSignature, '\0');
  uint8_t* end = Bytes(der);
  const int size = i2d_ECDSA_SIG(numbers.get(), &end);
  KASBAH_CHECK(size > 0 && static_cast<size_t>(size) <= kLongestSignature);
  der.resize(static_cast<size_t>(size));
  return Verify(message, der);
}

}  // namespace kasbah::crypto
