#include "libs/crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "libs/base/error.h"

namespace kasbah::crypto::internal {
namespace {

constexpr size_t kBlock = 64;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  KASBAH_CHECK(algorithm != nullptr);
  return algorithm;
}

using OwnedContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

OwnedContext MakeContext() {
  OwnedContext context(EVP_MD_CTX_new());
  KASBAH_CHECK(context != nullptr);
  return context;
}

EVP_MD_CTX* ThreadContext() {
  thread_local const OwnedContext context = MakeContext();
  return context.get();
}

// What an HmacSha256Key leaves off at: behind the key's inner and outer block.
struct Begun {
  OwnedContext inner = MakeContext();
  OwnedContext outer = MakeContext();
};
Begun& ThreadBegun() {
  thread_local Begun begun;
  return begun;
}

// The key as HMAC hashes it, a block long; wiped.
class PaddedKey {
 public:
  explicit PaddedKey(std::string_view key) {
    if (key.size() > kBlock) {
      Sha256Into({key}, bytes_.data());
    } else if (!key.empty()) {
      std::memcpy(bytes_.data(), key.data(), key.size());
    }
    for (uint8_t& byte : bytes_) byte ^= 0x36;
  }
  ~PaddedKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  void MakeOuter() {
    for (uint8_t& byte : bytes_) byte ^= 0x36 ^ 0x5c;
  }
  [[nodiscard]] bool Begin(EVP_MD_CTX* context) const {
    return EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1 &&
           EVP_DigestUpdate(context, bytes_.data(), kBlock) == 1;
  }

 private:
  std::array<uint8_t, kBlock> bytes_{};
};

}  // namespace

void Sha256Into(std::initializer_list<std::string_view> parts, uint8_t* out) {
  EVP_MD_CTX* context = ThreadContext();
  bool ok = EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1;
  for (std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context, out, nullptr) == 1;
  KASBAH_CHECK(ok);
}

void HmacSha256Into(std::string_view key, std::initializer_list<std::string_view> parts,
                    uint8_t* out) {
  PaddedKey padded(key);
  EVP_MD_CTX* context = ThreadContext();
  bool ok = padded.Begin(context);
  for (std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  std::array<uint8_t, kHashSize> inner;
  ok = ok && EVP_DigestFinal_ex(context, inner.data(), nullptr) == 1;
  padded.MakeOuter();
  ok = ok && padded.Begin(context) && EVP_DigestUpdate(context, inner.data(), inner.size()) == 1 &&
       EVP_DigestFinal_ex(context, out, nullptr) == 1;
  OPENSSL_cleanse(inner.data(), inner.size());
  KASBAH_CHECK(ok);
}

HmacSha256Key::HmacSha256Key(std::string_view key) {
  const Begun& begun = ThreadBegun();
  PaddedKey padded(key);
  const bool inner = padded.Begin(begun.inner.get());
  padded.MakeOuter();
  KASBAH_CHECK(inner && padded.Begin(begun.outer.get()));
}

HmacSha256Key::~HmacSha256Key() {
  // Starting anew overwrites what was hashed.
  const Begun& begun = ThreadBegun();
  for (EVP_MD_CTX* context : {begun.inner.get(), begun.outer.get(), ThreadContext()}) {
    KASBAH_CHECK(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1);
  }
}

void HmacSha256Key::Into(std::initializer_list<std::string_view> parts, uint8_t* out) const {
  const Begun& begun = ThreadBegun();
  EVP_MD_CTX* context = ThreadContext();
  bool ok = EVP_MD_CTX_copy_ex(context, begun.inner.get()) == 1;
  for (std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  std::array<uint8_t, kHashSize> inner;
  ok = ok && EVP_DigestFinal_ex(context, inner.data(), nullptr) == 1 &&
       EVP_MD_CTX_copy_ex(context, begun.outer.get()) == 1 &&
       EVP_DigestUpdate(context, inner.data(), inner.size()) == 1 &&
       EVP_DigestFinal_ex(context, out, nullptr) == 1;
  OPENSSL_cleanse(inner.data(), inner.size());
  KASBAH_CHECK(ok);
}

void HkdfExpandInto(const HmacSha256Key& prk, std::string_view info, uint8_t* out, size_t size) {
  KASBAH_CHECK(size <= 255 * kHashSize);
  std::array<uint8_t, kHashSize> block;
  size_t previous = 0;
  size_t done = 0;
  for (uint8_t counter = 1; done < size; ++counter) {
    prk.Into({AsView(block.data(), previous), info, AsView(&counter, 1)}, block.data());
    previous = kHashSize;
    const size_t take = std::min(kHashSize, size - done);
    std::memcpy(out + done, block.data(), take);
    done += take;
  }
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace kasbah::crypto::internal
