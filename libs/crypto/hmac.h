#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace kasbah::crypto::internal {

inline constexpr size_t kHashSize = 32;

// SHA-256 of the parts, into `out` (32 bytes). The context is the thread's own and reused: a fresh
// one would cost more than hashing a short message.
void Sha256Into(std::initializer_list<std::string_view> parts, uint8_t* out);

// HMAC-SHA256 (RFC 2104) over the parts, into `out` (32 bytes), from SHA-256 itself: OpenSSL's
// EVP_MAC spends several times as long on setting up as on a message of one block.
void HmacSha256Into(std::string_view key, std::initializer_list<std::string_view> parts,
                    uint8_t* out);

// A key of several HMACs: its two blocks, with which each begins, are hashed once. The contexts are
// the thread's own, so a thread has one such key at a time; they are overwritten when it is
// destroyed.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(std::string_view key);
  ~HmacSha256Key();
  HmacSha256Key(const HmacSha256Key&) = delete;
  HmacSha256Key& operator=(const HmacSha256Key&) = delete;

  void Into(std::initializer_list<std::string_view> parts, uint8_t* out) const;
};

// HKDF-Expand (RFC 5869, 2.3), the key being the PRK.
void HkdfExpandInto(const HmacSha256Key& prk, std::string_view info, uint8_t* out, size_t size);

inline std::string_view AsView(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace kasbah::crypto::internal
