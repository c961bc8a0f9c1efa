#include "libs/crypto/context.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"

namespace kasbah::crypto {
namespace {

constexpr size_t kLargest = std::numeric_limits<uint16_t>::max();

void AppendSize(std::string* out, size_t size) {
  out->push_back(static_cast<char>(size >> 8));
  out->push_back(static_cast<char>(size & 0xff));
}

}  // namespace

absl::StatusOr<std::string> EncodeContext(ContextPairs pairs) {
  // std::string_view compares as unsigned bytes.
  std::sort(pairs.begin(), pairs.end());
  if (pairs.size() > kLargest) return absl::InvalidArgumentError("too many context pairs");
  size_t total = 2;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [key, value] = pairs[i];
    if (key.size() > kLargest || value.size() > kLargest) {
      return absl::InvalidArgumentError("a context key or value is too long");
    }
    if (i > 0 && pairs[i - 1].first == key) {
      return absl::InvalidArgumentError("a context key stands there twice");
    }
    total += 4 + key.size() + value.size();
  }
  std::string encoded;
  encoded.reserve(total);
  AppendSize(&encoded, pairs.size());
  for (const auto& [key, value] : pairs) {
    AppendSize(&encoded, key.size());
    encoded.append(key);
    AppendSize(&encoded, value.size());
    encoded.append(value);
  }
  return encoded;
}

}  // namespace kasbah::crypto
