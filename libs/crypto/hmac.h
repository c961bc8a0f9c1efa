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

// HKDF-Expand (RFC 5869, 2.3). `prk` is 32 bytes.
void HkdfExpandInto(std::string_view prk, std::string_view info, uint8_t* out, size_t size);

inline std::string_view AsView(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace kasbah::crypto::internal
