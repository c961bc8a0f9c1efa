#include "libs/crypto/hash.h"

#include <openssl/crypto.h>

#include "libs/base/error.h"
#include "libs/crypto/hmac.h"
#include "libs/crypto/random.h"

namespace kasbah::crypto {
namespace {

uint8_t* Bytes(std::string& s) { return reinterpret_cast<uint8_t*>(s.data()); }

}  // namespace

std::string Sha256(std::string_view bytes) { return Sha256({bytes}); }

std::string Sha256(std::initializer_list<std::string_view> parts) {
  std::string hash(internal::kHashSize, '\0');
  internal::Sha256Into(parts, Bytes(hash));
  return hash;
}

std::string HmacSha256(const SecretBytes& key, std::string_view data) {
  std::string mac(internal::kHashSize, '\0');
  internal::HmacSha256Into(key.view(SecretAccess::ForPrimitive()), {data}, Bytes(mac));
  return mac;
}

SecretBytes HkdfSha256(const SecretBytes& key, std::string_view salt, std::string_view info,
                       size_t size) {
  SecretBytes prk = SecretBytes::OfSize(internal::kHashSize);
  const SecretAccess access = SecretAccess::ForPrimitive();
  // An absent salt is 32 zero bytes (RFC 5869, 2.2), which is what HMAC makes of an empty key.
  internal::HmacSha256Into(salt, {key.view(access)}, prk.mutable_data(access));
  SecretBytes derived = SecretBytes::OfSize(size);
  internal::HkdfExpandInto(internal::HmacSha256Key(prk.view(access)), info,
                           derived.mutable_data(access), size);
  return derived;
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  FillRandom(Bytes(bytes), size);
  return bytes;
}

}  // namespace kasbah::crypto
