#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/uuid.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// Ciphertext format v1:
//
//   offset  bytes   field
//   0       1       version 0x01
//   1       2       suite 0x0001: AES-256-GCM, HKDF-SHA256, commitment
//   3       16      key id
//   19      4       key version, big endian
//   23      32      random salt
//   55      32      commitment
//   87      n + 16  ciphertext and tag
//
// PRK = HKDF-Extract(salt, key). Expand with the use's label ‖ suite gives the message's key and
// nonce, with its commitment label ‖ suite the commitment, which is compared before anything is
// opened: a ciphertext opens under one key only. Associated data = bytes 0 to 86 ‖ context, the
// latter encoded by EncodeContext. A key and nonce of its own for every message leaves no nonce to
// choose and no limit that a service reaches.
namespace ciphertext_v1 {

inline constexpr size_t kHeaderSize = 87;
// What sealing adds to a plaintext.
inline constexpr size_t kOverhead = 103;
inline constexpr size_t kKeySize = 32;

// What is sealed: each has labels of its own, so that a wrapped key is never taken for a message.
enum class Use { kMessage, kWrappedKey, kKekWrappedKey };

struct KeyRef {
  Uuid key_id;
  uint32_t version = 0;
  friend bool operator==(const KeyRef&, const KeyRef&) = default;
};

// `key` is 32 bytes.
std::string Seal(Use use, const SecretBytes& key, const KeyRef& ref, std::string_view context,
                 std::string_view plaintext);

// The key that a ciphertext names. Only its shape is checked: version, suite and size.
absl::StatusOr<KeyRef> ParseKeyRef(std::string_view ciphertext);

// INVALID_ARGUMENT, reason OPEN_FAILED, the same whatever is wrong: shape, key, context or bytes.
absl::StatusOr<SecretBytes> Open(Use use, const SecretBytes& key, const KeyRef& ref,
                                 std::string_view context, std::string_view ciphertext);
absl::Status OpenFailed();

// The text form, "kv1:" and base64url. Parsing is strict and answers OPEN_FAILED.
std::string ToText(std::string_view ciphertext);
absl::StatusOr<std::string> FromText(std::string_view text);

namespace internal {
// Seal with a given salt, for frozen vectors.
std::string SealWithSalt(Use use, const SecretBytes& key, const KeyRef& ref,
                         std::string_view context, std::string_view plaintext,
                         std::string_view salt);
}  // namespace internal

}  // namespace ciphertext_v1
}  // namespace kasbah::crypto
