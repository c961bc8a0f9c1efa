#pragma once

#include <cstdint>
#include <string_view>

namespace kasbah::crypto {

// AES-256-GCM (SP 800-38D), one message at a time, 96 bit nonce, 128 bit tag. The piece that the
// ciphertext format is built of: a nonce must never meet the same key twice, which the format sees
// to with a key per message. Reuses the thread's context; wipes its key schedule.
inline constexpr size_t kAeadKeySize = 32;
inline constexpr size_t kAeadNonceSize = 12;
inline constexpr size_t kAeadTagSize = 16;

// Writes ciphertext and tag, plaintext.size() + 16 bytes, to `out`.
void AeadSeal(std::string_view key, std::string_view nonce, std::string_view aad,
              std::string_view plaintext, uint8_t* out);

// Writes sealed.size() - 16 bytes to `out` and says whether they are authentic; `out` holds zeros
// when they are not. `sealed` has at least 16 bytes.
[[nodiscard]] bool AeadOpen(std::string_view key, std::string_view nonce, std::string_view aad,
                            std::string_view sealed, uint8_t* out);

}  // namespace kasbah::crypto
