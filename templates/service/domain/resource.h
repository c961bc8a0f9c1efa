#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::@package@ {

KASBAH_DEFINE_ID(@Resource@Id, "@prefix@");

struct @Resource@ {
  @Resource@Id id;
  std::string title;
  absl::Time create_time;
  // The id of who made it.
  std::string created_by;
};

// Without spaces around it. INVALID_FIELDS on `title` when nothing is left.
absl::StatusOr<std::string> ParseTitle(std::string_view text);

}  // namespace kasbah::@package@
