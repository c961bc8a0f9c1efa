#include "libs/crypto/secret_bytes.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

#include "libs/crypto/random.h"
#include "libs/crypto/secret_arena.h"

namespace kasbah::crypto {

SecretBytes SecretBytes::OfSize(size_t size) {
  SecretBytes bytes;
  bytes.data_ = SecretArena::Process().Allocate(size);
  bytes.size_ = size;
  return bytes;
}

SecretBytes SecretBytes::Copy(std::string_view source) {
  SecretBytes bytes = OfSize(source.size());
  if (!source.empty()) std::memcpy(bytes.data_, source.data(), source.size());
  return bytes;
}

SecretBytes SecretBytes::Random(size_t size) {
  SecretBytes bytes = OfSize(size);
  FillRandom(bytes.data_, size);
  return bytes;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    SecretArena::Process().Release(data_, size_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { SecretArena::Process().Release(data_, size_); }

SecretBytes SecretBytes::Clone() const { return Copy(view(SecretAccess::ForPrimitive())); }

bool SecretBytes::Equals(const SecretBytes& other) const {
  return size_ == other.size_ && (size_ == 0 || CRYPTO_memcmp(data_, other.data_, size_) == 0);
}

void Wipe(std::string& bytes) {
  // The capacity beyond size() belongs to the string; growing into it allocates nothing.
  bytes.resize(bytes.capacity());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

}  // namespace kasbah::crypto
