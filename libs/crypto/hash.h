#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// SHA-256 (FIPS 180-4), 32 bytes.
std::string Sha256(std::string_view bytes);
// Of several parts, one after the other.
std::string Sha256(std::initializer_list<std::string_view> parts);

// HMAC-SHA256 (RFC 2104), 32 bytes.
std::string HmacSha256(const SecretBytes& key, std::string_view data);

// HKDF-SHA256 (RFC 5869), at most 8,160 bytes.
SecretBytes HkdfSha256(const SecretBytes& key, std::string_view salt, std::string_view info,
                       size_t size);

// Equal sizes and bytes, in time that depends on the sizes alone.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// CRC32C (Castagnoli, RFC 3720 B.4).
uint32_t Crc32c(std::string_view bytes);

// From the operating system's generator; crashes when there is none.
std::string RandomBytes(size_t size);

}  // namespace kasbah::crypto
