#include "libs/crypto/stream_aead.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/crypto/aead.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/hash.h"

namespace kasbah::crypto::stream_aead {
namespace {

constexpr std::string_view kVersionAndSuite("\x01\x00\x02", 3);
constexpr size_t kSaltSize = 32;
constexpr size_t kPrefixSize = 7;
constexpr size_t kCommitmentSize = 32;
static_assert(kHeaderSize == 3 + kSaltSize + kCommitmentSize);
static_assert(kPrefixSize + 4 + 1 == kAeadNonceSize);

// Key ‖ nonce prefix ‖ commitment.
SecretBytes Derive(const SecretBytes& key, std::string_view salt, std::string_view context) {
  KASBAH_CHECK(key.size() == kKeySize && salt.size() == kSaltSize);
  std::string info("kasbah/v1/stream\x00\x02", 18);
  info += context;
  return HkdfSha256(key, salt, info, kAeadKeySize + kPrefixSize + kCommitmentSize);
}

std::string_view View(const SecretBytes& derived) {
  return derived.view(SecretAccess::ForPrimitive());
}
std::string_view KeyOf(const SecretBytes& derived) { return View(derived).substr(0, kAeadKeySize); }
std::string_view CommitmentOf(const SecretBytes& derived) {
  return View(derived).substr(kAeadKeySize + kPrefixSize);
}

std::string Nonce(const SecretBytes& derived, uint32_t number, bool is_last) {
  std::string nonce(View(derived).substr(kAeadKeySize, kPrefixSize));
  for (const int shift : {24, 16, 8, 0}) {
    nonce.push_back(static_cast<char>((number >> shift) & 0xFF));
  }
  nonce.push_back(is_last ? '\1' : '\0');
  return nonce;
}

uint8_t* Bytes(std::string& s, size_t at) { return reinterpret_cast<uint8_t*>(s.data()) + at; }

}  // namespace

int64_t SegmentCount(int64_t plaintext) {
  constexpr auto kSegment = static_cast<int64_t>(kSegmentSize);
  return std::max<int64_t>(1, (plaintext + kSegment - 1) / kSegment);
}

int64_t SealedSize(int64_t plaintext) {
  return static_cast<int64_t>(kHeaderSize) + plaintext +
         SegmentCount(plaintext) * static_cast<int64_t>(kAeadTagSize);
}

Sealer::Sealer(const SecretBytes& key, std::string_view context)
    : Sealer(key, context, RandomBytes(kSaltSize)) {}

Sealer::Sealer(const SecretBytes& key, std::string_view context, std::string_view salt)
    : derived_(Derive(key, salt, context)), header_(kVersionAndSuite) {
  header_ += salt;
  header_ += CommitmentOf(derived_);
}

Sealer::~Sealer() { Wipe(held_); }

void Sealer::Seal(std::string_view segment, bool is_last, std::string* sealed) {
  // A number that comes again would be a nonce that comes again.
  KASBAH_CHECK(!derived_.empty() && next_ != UINT32_MAX);
  if (next_ == 0) *sealed += header_;
  const size_t at = sealed->size();
  sealed->resize(at + segment.size() + kAeadTagSize);
  AeadSeal(KeyOf(derived_), Nonce(derived_, next_++, is_last), "", segment, Bytes(*sealed, at));
}

void Sealer::Update(std::string_view plaintext, std::string* sealed) {
  while (!plaintext.empty()) {
    if (held_.size() == kSegmentSize) {
      Seal(held_, /*is_last=*/false, sealed);
      held_.clear();
    }
    // Whole segments that something follows need not be held.
    if (held_.empty() && plaintext.size() > kSegmentSize) {
      Seal(plaintext.substr(0, kSegmentSize), /*is_last=*/false, sealed);
      plaintext.remove_prefix(kSegmentSize);
      continue;
    }
    const size_t taken = std::min(plaintext.size(), kSegmentSize - held_.size());
    held_ += plaintext.substr(0, taken);
    plaintext.remove_prefix(taken);
  }
}

void Sealer::Finish(std::string* sealed) {
  Seal(held_, /*is_last=*/true, sealed);
  Wipe(held_);
  derived_ = SecretBytes();
}

Opener::Opener(SecretBytes derived, int64_t plaintext_size)
    : derived_(std::move(derived)),
      plaintext_size_(plaintext_size),
      segments_(SegmentCount(plaintext_size)) {}

absl::StatusOr<Opener> Opener::Create(const SecretBytes& key, std::string_view context,
                                      std::string_view header, int64_t plaintext_size) {
  if (header.size() != kHeaderSize || !header.starts_with(kVersionAndSuite) || plaintext_size < 0 ||
      plaintext_size > kLargestPlaintext) {
    return ciphertext_v1::OpenFailed();
  }
  SecretBytes derived = Derive(key, header.substr(3, kSaltSize), context);
  if (!ConstantTimeEquals(header.substr(3 + kSaltSize), CommitmentOf(derived))) {
    return ciphertext_v1::OpenFailed();
  }
  return Opener(std::move(derived), plaintext_size);
}

int64_t Opener::Offset(int64_t number) const {
  return static_cast<int64_t>(kHeaderSize) + number * static_cast<int64_t>(kSealedSegmentSize);
}

size_t Opener::SizeOf(int64_t number) const {
  if (number + 1 < segments_) return kSealedSegmentSize;
  return static_cast<size_t>(plaintext_size_ - number * static_cast<int64_t>(kSegmentSize)) +
         kAeadTagSize;
}

absl::StatusOr<std::string> Opener::Open(int64_t number, std::string_view sealed) const {
  if (number < 0 || number >= segments_ || sealed.size() != SizeOf(number)) {
    return ciphertext_v1::OpenFailed();
  }
  std::string plaintext(sealed.size() - kAeadTagSize, '\0');
  const std::string nonce = Nonce(derived_, static_cast<uint32_t>(number), number + 1 == segments_);
  if (!AeadOpen(KeyOf(derived_), nonce, "", sealed, Bytes(plaintext, 0))) {
    return ciphertext_v1::OpenFailed();
  }
  return plaintext;
}

}  // namespace kasbah::crypto::stream_aead
