#include "libs/crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <limits>
#include <memory>

#include "libs/base/error.h"

namespace kasbah::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const EVP_CIPHER* Algorithm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  KASBAH_CHECK(algorithm != nullptr);
  return algorithm;
}

// Set to the algorithm once: setting it again, or resetting the context, costs more than a message.
EVP_CIPHER_CTX* ThreadContext() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context = [] {
    std::unique_ptr<EVP_CIPHER_CTX, FreeContext> made(EVP_CIPHER_CTX_new());
    KASBAH_CHECK(made != nullptr);
    KASBAH_CHECK(EVP_EncryptInit_ex2(made.get(), Algorithm(), nullptr, nullptr, nullptr) == 1);
    return made;
  }();
  return context.get();
}

// Overwrites the key schedule, which lies in OpenSSL's own memory.
void ForgetKey(EVP_CIPHER_CTX* context) {
  static constexpr uint8_t kZeros[kAeadKeySize] = {};
  KASBAH_CHECK(EVP_EncryptInit_ex2(context, nullptr, kZeros, nullptr, nullptr) == 1);
}

const uint8_t* Bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }

int Size(std::string_view s) {
  KASBAH_CHECK(s.size() <= static_cast<size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(s.size());
}

}  // namespace

void AeadSeal(std::string_view key, std::string_view nonce, std::string_view aad,
              std::string_view plaintext, uint8_t* out) {
  KASBAH_CHECK(key.size() == kAeadKeySize && nonce.size() == kAeadNonceSize);
  EVP_CIPHER_CTX* context = ThreadContext();
  int size = 0;
  bool ok = EVP_EncryptInit_ex2(context, nullptr, Bytes(key), Bytes(nonce), nullptr) == 1;
  // An absent output means associated data, so both are skipped where they are empty.
  if (!aad.empty()) {
    ok = ok && EVP_EncryptUpdate(context, nullptr, &size, Bytes(aad), Size(aad)) == 1;
  }
  if (!plaintext.empty()) {
    ok = ok && EVP_EncryptUpdate(context, out, &size, Bytes(plaintext), Size(plaintext)) == 1;
  }
  ok = ok && EVP_EncryptFinal_ex(context, out + plaintext.size(), &size) == 1 &&
       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, out + plaintext.size()) ==
           1;
  ForgetKey(context);
  KASBAH_CHECK(ok);
}

bool AeadOpen(std::string_view key, std::string_view nonce, std::string_view aad,
              std::string_view sealed, uint8_t* out) {
  KASBAH_CHECK(key.size() == kAeadKeySize && nonce.size() == kAeadNonceSize &&
               sealed.size() >= kAeadTagSize);
  const std::string_view body = sealed.substr(0, sealed.size() - kAeadTagSize);
  std::string tag(sealed.substr(body.size()));
  EVP_CIPHER_CTX* context = ThreadContext();
  int size = 0;
  bool ok = EVP_DecryptInit_ex2(context, nullptr, Bytes(key), Bytes(nonce), nullptr) == 1 &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()) == 1;
  if (!aad.empty()) {
    ok = ok && EVP_DecryptUpdate(context, nullptr, &size, Bytes(aad), Size(aad)) == 1;
  }
  if (!body.empty()) {
    ok = ok && EVP_DecryptUpdate(context, out, &size, Bytes(body), Size(body)) == 1;
  }
  KASBAH_CHECK(ok);
  uint8_t none[kAeadTagSize];
  const bool authentic = EVP_DecryptFinal_ex(context, none, &size) == 1;
  ForgetKey(context);
  if (!authentic && !body.empty()) OPENSSL_cleanse(out, body.size());
  return authentic;
}

}  // namespace kasbah::crypto
