#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::webhook {

// Where a tenant wants to be told, and of what.
struct Endpoint {
  EndpointId id;
  std::string url;
  std::string description;
  // Filters (event_filter.h); empty: everything.
  std::vector<std::string> event_types;
  absl::Time create_time;
  // It answered 410 Gone: nothing more is sent to it.
  bool disabled = false;
};

// Of one tenant at the most: what one change may fan out to.
inline constexpr int kMaxEndpoints = 50;

}  // namespace kasbah::webhook
