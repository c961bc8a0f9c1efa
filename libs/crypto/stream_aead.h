#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// Sealed streams: what is too long to hold, sealed and opened a segment at a time by the STREAM
// construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its
// Nonce-Reuse Misuse-Resistance, 2015), as in Tink's streaming AEAD and age. Format v1:
//
//   offset  bytes   field
//   0       1       version 0x01
//   1       2       suite 0x0002: AES-256-GCM in segments, HKDF-SHA256, commitment
//   3       32      random salt
//   35      32      commitment
//   67      …       segments: 65,536 bytes of plaintext and a tag of 16; the last is shorter or as
//                   long, and empty only where all is
//
// HKDF-Extract(salt, key), expanded with label ‖ suite ‖ context, gives key (32), nonce prefix (7)
// and commitment. A segment's nonce = prefix ‖ its number, u32 big endian ‖ 1 for the last, 0
// else: so one that is moved, dropped, doubled or of another stream does not open, nor does a
// stream that is cut. `key` is 32 bytes and may seal any number of streams; `context` is what they
// are bound to.
namespace stream_aead {

inline constexpr size_t kKeySize = 32;
inline constexpr size_t kHeaderSize = 67;
inline constexpr size_t kSegmentSize = 65'536;
inline constexpr size_t kSealedSegmentSize = kSegmentSize + 16;
// Segments are numbered in 32 bits.
inline constexpr int64_t kLargestPlaintext = int64_t{0xFFFFFFFF} * int64_t{kSegmentSize};

// How many bytes `plaintext` bytes become, header and tags included.
int64_t SealedSize(int64_t plaintext);
// How many segments they are: at least one.
int64_t SegmentCount(int64_t plaintext);

// Seals one stream. Not thread safe.
class Sealer {
 public:
  Sealer(const SecretBytes& key, std::string_view context);
  // With a given salt: for frozen vectors.
  Sealer(const SecretBytes& key, std::string_view context, std::string_view salt);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // Appends to `sealed` what is complete: the header first, and no segment that may yet be the
  // last.
  void Update(std::string_view plaintext, std::string* sealed);
  // The last segment. Nothing may follow.
  void Finish(std::string* sealed);

 private:
  void Seal(std::string_view segment, bool is_last, std::string* sealed);

  SecretBytes derived_;
  std::string header_;
  // At most one segment.
  std::string held_;
  uint32_t next_ = 0;
};

// Opens any segment of one stream of which it is known how long it is. Thread safe.
class Opener {
 public:
  // INVALID_ARGUMENT, reason OPEN_FAILED, for a header of another key or context.
  static absl::StatusOr<Opener> Create(const SecretBytes& key, std::string_view context,
                                       std::string_view header, int64_t plaintext_size);

  // Where segment `number` stands in the sealed stream, and how long it is.
  int64_t Offset(int64_t number) const;
  size_t SizeOf(int64_t number) const;
  int64_t segments() const { return segments_; }

  // The plaintext. OPEN_FAILED, the same whatever is wrong.
  absl::StatusOr<std::string> Open(int64_t number, std::string_view sealed) const;

 private:
  Opener(SecretBytes derived, int64_t plaintext_size);

  SecretBytes derived_;
  int64_t plaintext_size_;
  int64_t segments_;
};

}  // namespace stream_aead
}  // namespace kasbah::crypto
