#include "libs/crypto/sha256_stream.h"

#include <openssl/evp.h>

#include "libs/base/error.h"

namespace kasbah::crypto {

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  KASBAH_CHECK(state_->context != nullptr &&
               EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Update(std::string_view bytes) {
  KASBAH_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256Stream::Current() const {
  Sha256Stream copy;
  KASBAH_CHECK(EVP_MD_CTX_copy_ex(copy.state_->context, state_->context) == 1);
  return copy.Finish();
}

std::string Sha256Stream::Finish() {
  std::string digest(32, '\0');
  KASBAH_CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()),
                                  nullptr) == 1);
  return digest;
}

}  // namespace kasbah::crypto
