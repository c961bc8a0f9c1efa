#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kasbah {

// Debian builds Abseil with a string_view class of its own, which std::string_view does not convert
// to. These cross over, and concatenate either kind.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
template <typename T>
decltype(auto) ForAbsl(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace internal

// absl::StrCat and absl::StrAppend, for std::string_view too.
template <typename... Args>
std::string Concat(const Args&... args) {
  return absl::StrCat(internal::ForAbsl(args)...);
}
template <typename... Args>
void AppendTo(std::string* out, const Args&... args) {
  absl::StrAppend(out, internal::ForAbsl(args)...);
}

}  // namespace kasbah
