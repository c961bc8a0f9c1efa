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

EVP_MD_CTX* ThreadContext() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  KASBAH_CHECK(context != nullptr);
  return context.get();
}

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
  std::array<uint8_t, kBlock> padded{};
  if (key.size() > kBlock) {
    Sha256Into({key}, padded.data());
  } else if (!key.empty()) {
    std::memcpy(padded.data(), key.data(), key.size());
  }
  EVP_MD_CTX* context = ThreadContext();
  for (uint8_t& byte : padded) byte ^= 0x36;
  bool ok = EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1 &&
            EVP_DigestUpdate(context, padded.data(), kBlock) == 1;
  for (std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  std::array<uint8_t, kHashSize> inner;
  ok = ok && EVP_DigestFinal_ex(context, inner.data(), nullptr) == 1;
  for (uint8_t& byte : padded) byte ^= 0x36 ^ 0x5c;
  ok = ok && EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1 &&
       EVP_DigestUpdate(context, padded.data(), kBlock) == 1 &&
       EVP_DigestUpdate(context, inner.data(), inner.size()) == 1 &&
       EVP_DigestFinal_ex(context, out, nullptr) == 1;
  OPENSSL_cleanse(padded.data(), padded.size());
  OPENSSL_cleanse(inner.data(), inner.size());
  KASBAH_CHECK(ok);
}

void HkdfExpandInto(std::string_view prk, std::string_view info, uint8_t* out, size_t size) {
  KASBAH_CHECK(size <= 255 * kHashSize);
  std::array<uint8_t, kHashSize> block;
  size_t previous = 0;
  size_t done = 0;
  for (uint8_t counter = 1; done < size; ++counter) {
    HmacSha256Into(prk, {AsView(block.data(), previous), info, AsView(&counter, 1)}, block.data());
    previous = kHashSize;
    const size_t take = std::min(kHashSize, size - done);
    std::memcpy(out + done, block.data(), take);
    done += take;
  }
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace kasbah::crypto::internal
