#include "libs/crypto/ed25519.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace kasbah::crypto {
namespace {

constexpr size_t kSeedSize = 32;
constexpr size_t kPublicSize = 32;
constexpr size_t kSignatureSize = 64;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const uint8_t* Bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }
uint8_t* Bytes(std::string& s) { return reinterpret_cast<uint8_t*>(s.data()); }

}  // namespace

struct Ed25519Key::State {
  SecretBytes seed;
  Key key;
  std::string public_key;
};

Ed25519Key::Ed25519Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ed25519Key::Ed25519Key(Ed25519Key&&) noexcept = default;
Ed25519Key& Ed25519Key::operator=(Ed25519Key&&) noexcept = default;
Ed25519Key::~Ed25519Key() = default;

Ed25519Key Ed25519Key::Generate() { return *FromSeed(SecretBytes::Random(kSeedSize)); }

absl::StatusOr<Ed25519Key> Ed25519Key::FromSeed(const SecretBytes& seed) {
  if (seed.size() != kSeedSize) return absl::InvalidArgumentError("an Ed25519 seed is 32 bytes");
  auto state = std::make_unique<State>();
  state->seed = seed.Clone();
  state->key.reset(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, Bytes(seed.view(SecretAccess::ForPrimitive())), kSeedSize));
  KASBAH_CHECK(state->key != nullptr);
  state->public_key.resize(kPublicSize);
  size_t size = kPublicSize;
  KASBAH_CHECK(EVP_PKEY_get_raw_public_key(state->key.get(), Bytes(state->public_key), &size) == 1);
  return Ed25519Key(std::move(state));
}

SecretBytes Ed25519Key::Seed() const { return state_->seed.Clone(); }

const std::string& Ed25519Key::public_key() const { return state_->public_key; }

std::string Ed25519Key::Sign(std::string_view message) const {
  std::string signature(kSignatureSize, '\0');
  size_t size = kSignatureSize;
  const Context context(EVP_MD_CTX_new());
  KASBAH_CHECK(context != nullptr);
  KASBAH_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) ==
               1);
  KASBAH_CHECK(
      EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message), message.size()) == 1);
  return signature;
}

struct Ed25519PublicKey::State {
  Key key;
};

absl::StatusOr<Ed25519PublicKey> Ed25519PublicKey::FromRaw(std::string_view raw) {
  if (raw.size() != kPublicSize) {
    return absl::InvalidArgumentError("an Ed25519 public key is 32 bytes");
  }
  auto state = std::make_shared<State>();
  state->key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(raw), raw.size()));
  KASBAH_CHECK(state->key != nullptr);
  Ed25519PublicKey key;
  key.state_ = std::move(state);
  key.raw_ = std::string(raw);
  return key;
}

bool Ed25519PublicKey::Verify(std::string_view message, std::string_view signature) const {
  if (state_ == nullptr || signature.size() != kSignatureSize) return false;
  const Context context(EVP_MD_CTX_new());
  KASBAH_CHECK(context != nullptr);
  KASBAH_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) ==
               1);
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

}  // namespace kasbah::crypto
