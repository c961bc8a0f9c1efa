#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah {

// A UUID (RFC 9562), as PostgreSQL keeps it: 16 bytes in network order.
class Uuid {
 public:
  // The nil UUID.
  constexpr Uuid() = default;
  explicit constexpr Uuid(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

  // Version 7: milliseconds of `now`, then 74 random bits from the operating system. Ids made in
  // one process sort in the order they were made.
  static Uuid V7(absl::Time now);

  // The 36 character form, either case. INVALID_ARGUMENT for anything else.
  static absl::StatusOr<Uuid> Parse(std::string_view text);

  // Exactly 16 bytes.
  static absl::StatusOr<Uuid> FromBytes(std::string_view bytes);

  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  bool is_nil() const { return *this == Uuid(); }

  // Lower case, 36 characters.
  std::string ToString() const;

  // The milliseconds of a version 7 UUID.
  absl::Time time() const;

  friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, 16> bytes_{};
};

}  // namespace kasbah
