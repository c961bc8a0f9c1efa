#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_access.h"

namespace kasbah::crypto {

// Bytes that must not be seen: kept in memory that is locked, left out of core dumps and wiped when
// released (libs/crypto/secret_arena.h). Cannot be printed, compared or copied by accident; reading
// them takes a token. Does not protect against code that runs in this process.
class SecretBytes {
 public:
  SecretBytes() = default;
  // Copies `bytes`; wiping the source is the caller's.
  static SecretBytes Copy(std::string_view bytes);
  static SecretBytes Random(size_t size);
  // `size` zero bytes, to be filled through mutable_data.
  static SecretBytes OfSize(size_t size);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes Clone() const;
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view(SecretAccess) const {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  uint8_t* mutable_data(SecretAccess) { return data_; }
  // In constant time.
  bool Equals(const SecretBytes& other) const;

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Wipes a string's bytes, its spare capacity included.
void Wipe(std::string& bytes);

}  // namespace kasbah::crypto
