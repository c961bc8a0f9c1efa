#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::system_test {

// The value of what cannot fail but by a fault of the test's own surroundings.
template <typename T>
T OrDie(absl::StatusOr<T> value, const char* what = "") {
  if (!value.ok()) Crash(StrCat(what, " ", value.status().ToString()), __FILE__, __LINE__);
  return *std::move(value);
}

}  // namespace kasbah::system_test
