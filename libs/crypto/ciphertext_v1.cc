#include "libs/crypto/ciphertext_v1.h"

#include <cstring>

#include "libs/base/error.h"
#include "libs/base/random.h"
#include "libs/crypto/aead.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/hmac.h"

namespace kasbah::crypto::ciphertext_v1 {
namespace {

using ::kasbah::crypto::internal::AsView;
using ::kasbah::crypto::internal::HkdfExpandInto;
using ::kasbah::crypto::internal::HmacSha256Into;
using ::kasbah::crypto::internal::HmacSha256Key;

constexpr std::string_view kVersionAndSuite("\x01\x00\x01", 3);
constexpr size_t kKeyIdAt = 3;
constexpr size_t kKeyVersionAt = 19;
constexpr size_t kSaltAt = 23;
constexpr size_t kSaltSize = 32;
constexpr size_t kCommitmentAt = 55;
constexpr size_t kCommitmentSize = 32;
constexpr std::string_view kTextPrefix = "kv1:";

// Labels end in the suite, 0x0001.
struct Labels {
  std::string_view key;
  std::string_view commitment;
};
template <size_t n>
constexpr std::string_view Label(const char (&text)[n]) {
  return {text, n - 1};
}
Labels LabelsOf(Use use) {
  switch (use) {
    case Use::kMessage:
      return {Label("kasbah/v1/enc\x00\x01"), Label("kasbah/v1/commit\x00\x01")};
    case Use::kWrappedKey:
      return {Label("kasbah/v1/wrap\x00\x01"), Label("kasbah/v1/wrap-commit\x00\x01")};
    case Use::kKekWrappedKey:
      return {Label("kasbah/v1/kek-wrap\x00\x01"), Label("kasbah/v1/kek-wrap-commit\x00\x01")};
  }
  Crash("a use without labels", __FILE__, __LINE__);
}

// What one message needs, in locked memory that the thread keeps: PRK, key and nonce, commitment.
class Derived {
 public:
  Derived(Use use, const SecretBytes& key, std::string_view salt) : bytes_(Scratch()) {
    const SecretAccess access = SecretAccess::ForPrimitive();
    KASBAH_CHECK(key.size() == kKeySize);
    const Labels labels = LabelsOf(use);
    uint8_t* at = bytes_.mutable_data(access);
    HmacSha256Into(salt, {key.view(access)}, at);
    const HmacSha256Key prk(AsView(at, kPrkSize));
    HkdfExpandInto(prk, labels.key, at + kPrkSize, kAeadKeySize + kAeadNonceSize);
    HkdfExpandInto(prk, labels.commitment, at + kCommitmentOffset, kCommitmentSize);
  }
  ~Derived() { std::memset(bytes_.mutable_data(SecretAccess::ForPrimitive()), 0, kScratchSize); }
  Derived(const Derived&) = delete;
  Derived& operator=(const Derived&) = delete;

  std::string_view key() const { return Part(kPrkSize, kAeadKeySize); }
  std::string_view nonce() const { return Part(kPrkSize + kAeadKeySize, kAeadNonceSize); }
  std::string_view commitment() const { return Part(kCommitmentOffset, kCommitmentSize); }

 private:
  static constexpr size_t kPrkSize = 32;
  static constexpr size_t kCommitmentOffset = kPrkSize + kAeadKeySize + kAeadNonceSize;
  static constexpr size_t kScratchSize = kCommitmentOffset + kCommitmentSize;

  static SecretBytes& Scratch() {
    thread_local SecretBytes scratch = SecretBytes::OfSize(kScratchSize);
    return scratch;
  }
  std::string_view Part(size_t at, size_t size) const {
    return bytes_.view(SecretAccess::ForPrimitive()).substr(at, size);
  }

  SecretBytes& bytes_;
};

std::string Join(std::string_view a, std::string_view b) {
  std::string joined;
  joined.reserve(a.size() + b.size());
  return joined.append(a).append(b);
}

// With room for what follows: a ciphertext of `size` bytes is made in one piece of memory.
std::string HeaderWithoutCommitment(const KeyRef& ref, std::string_view salt, size_t size) {
  std::string header;
  header.reserve(size);
  header.append(kVersionAndSuite).append(ref.key_id.view());
  for (int shift = 24; shift >= 0; shift -= 8) {
    header.push_back(static_cast<char>(ref.version >> shift & 0xff));
  }
  header.append(salt);
  return header;
}

}  // namespace

absl::Status OpenFailed() {
  return Error(absl::StatusCode::kInvalidArgument, "OPEN_FAILED",
               "the ciphertext does not open with this key and context");
}

std::string internal::SealWithSalt(Use use, const SecretBytes& key, const KeyRef& ref,
                                   std::string_view context, std::string_view plaintext,
                                   std::string_view salt) {
  KASBAH_CHECK(salt.size() == kSaltSize);
  const Derived derived(use, key, salt);
  std::string sealed = HeaderWithoutCommitment(ref, salt, plaintext.size() + kOverhead);
  sealed.append(derived.commitment());
  const std::string aad = Join(sealed, context);
  sealed.resize(plaintext.size() + kOverhead);
  AeadSeal(derived.key(), derived.nonce(), aad, plaintext,
           reinterpret_cast<uint8_t*>(sealed.data()) + kHeaderSize);
  return sealed;
}

std::string Seal(Use use, const SecretBytes& key, const KeyRef& ref, std::string_view context,
                 std::string_view plaintext) {
  // The salt stands in the ciphertext: it is random and no secret, so the stock serves.
  uint8_t salt[kSaltSize];
  kasbah::FillRandom(salt, kSaltSize);
  return internal::SealWithSalt(use, key, ref, context, plaintext, AsView(salt, kSaltSize));
}

absl::StatusOr<KeyRef> ParseKeyRef(std::string_view ciphertext) {
  if (ciphertext.size() < kOverhead || !ciphertext.starts_with(kVersionAndSuite)) {
    return OpenFailed();
  }
  absl::StatusOr<Uuid> key_id =
      Uuid::FromBytes(ciphertext.substr(kKeyIdAt, kKeyVersionAt - kKeyIdAt));
  if (!key_id.ok()) return OpenFailed();
  KeyRef ref{*key_id, 0};
  for (size_t i = kKeyVersionAt; i < kSaltAt; ++i) {
    ref.version = ref.version << 8 | static_cast<uint8_t>(ciphertext[i]);
  }
  return ref;
}

absl::StatusOr<SecretBytes> Open(Use use, const SecretBytes& key, const KeyRef& ref,
                                 std::string_view context, std::string_view ciphertext) {
  const absl::StatusOr<KeyRef> named = ParseKeyRef(ciphertext);
  if (!named.ok() || *named != ref) return OpenFailed();
  const Derived derived(use, key, ciphertext.substr(kSaltAt, kSaltSize));
  if (!ConstantTimeEquals(derived.commitment(),
                          ciphertext.substr(kCommitmentAt, kCommitmentSize))) {
    return OpenFailed();
  }
  const std::string aad = Join(ciphertext.substr(0, kHeaderSize), context);
  SecretBytes plaintext = SecretBytes::OfSize(ciphertext.size() - kOverhead);
  if (!AeadOpen(derived.key(), derived.nonce(), aad, ciphertext.substr(kHeaderSize),
                plaintext.mutable_data(SecretAccess::ForPrimitive()))) {
    return OpenFailed();
  }
  return plaintext;
}

std::string ToText(std::string_view ciphertext) { return Join(kTextPrefix, Base64Url(ciphertext)); }

absl::StatusOr<std::string> FromText(std::string_view text) {
  if (!text.starts_with(kTextPrefix)) return OpenFailed();
  absl::StatusOr<std::string> ciphertext = ParseBase64Url(text.substr(kTextPrefix.size()));
  if (!ciphertext.ok() || !ParseKeyRef(*ciphertext).ok()) return OpenFailed();
  return ciphertext;
}

}  // namespace kasbah::crypto::ciphertext_v1
