#include "libs/base/uuid.h"

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/base/random.h"

namespace kasbah {
namespace {

constexpr char kHex[] = "0123456789abcdef";
// A clock set back by less than this does not undo the order; by more, it is a different clock.
constexpr int64_t kToleratedStepMillis = 10'000;

// The 74 bits below the timestamp, in order of their weight: 12 in `high`, 62 in `low`.
struct Tail {
  uint16_t high = 0;
  uint64_t low = 0;
};

constexpr uint64_t kLowMask = (uint64_t{1} << 62) - 1;

Tail RandomTail() {
  std::array<uint8_t, 10> random;
  FillRandom(random.data(), random.size());
  Tail tail;
  tail.high = static_cast<uint16_t>((random[0] << 8 | random[1]) & 0xfff);
  for (size_t i = 2; i < random.size(); ++i) tail.low = tail.low << 8 | random[i];
  tail.low &= kLowMask;
  return tail;
}

// RFC 9562, 6.2, method 2: within a millisecond the random bits count upwards in random steps, so
// the next id stays hard to guess.
class Sequence {
 public:
  std::pair<int64_t, Tail> Next(int64_t millis) {
    const Tail random = RandomTail();
    absl::MutexLock lock(&mutex_);
    if (millis > last_millis_ || millis < last_millis_ - kToleratedStepMillis) {
      last_millis_ = millis;
      last_ = random;
      // Room to count in: the top bit starts at zero.
      last_.high &= 0x7ff;
      return {last_millis_, last_};
    }
    const uint64_t step = (random.low & 0xffffffff) + 1;
    last_.low += step;
    if (last_.low > kLowMask) {
      last_.low &= kLowMask;
      if (++last_.high > 0xfff) {
        last_.high = 0;
        ++last_millis_;
      }
    }
    return {last_millis_, last_};
  }

 private:
  absl::Mutex mutex_;
  int64_t last_millis_ ABSL_GUARDED_BY(mutex_) = -1;
  Tail last_ ABSL_GUARDED_BY(mutex_);
};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = absl::ascii_tolower(static_cast<unsigned char>(c));
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

absl::Status NotAUuid() {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_ID", "expected a UUID");
}

bool IsDash(size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

}  // namespace

Uuid Uuid::V7(absl::Time now) {
  static Sequence* const sequence = new Sequence;
  const auto [millis, tail] = sequence->Next(std::max<int64_t>(absl::ToUnixMillis(now), 0));
  std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(millis) >> (8 * (5 - i)));
  }
  bytes[6] = static_cast<uint8_t>(0x70 | tail.high >> 8);
  bytes[7] = static_cast<uint8_t>(tail.high);
  for (size_t i = 0; i < 8; ++i) bytes[8 + i] = static_cast<uint8_t>(tail.low >> (8 * (7 - i)));
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  return Uuid(bytes);
}

absl::StatusOr<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return NotAUuid();
  std::array<uint8_t, 16> bytes{};
  size_t nibble = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return NotAUuid();
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return NotAUuid();
    bytes[nibble / 2] = static_cast<uint8_t>(bytes[nibble / 2] << 4 | value);
    ++nibble;
  }
  return Uuid(bytes);
}

absl::StatusOr<Uuid> Uuid::FromBytes(std::string_view bytes) {
  if (bytes.size() != 16) return NotAUuid();
  std::array<uint8_t, 16> array;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(array.data()));
  return Uuid(array);
}

std::string Uuid::ToString() const {
  std::string text;
  text.reserve(36);
  for (const uint8_t byte : bytes_) {
    if (IsDash(text.size())) text.push_back('-');
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 0xf]);
  }
  return text;
}

absl::Time Uuid::time() const {
  int64_t millis = 0;
  for (size_t i = 0; i < 6; ++i) millis = millis << 8 | bytes_[i];
  return absl::FromUnixMillis(millis);
}

}  // namespace kasbah
