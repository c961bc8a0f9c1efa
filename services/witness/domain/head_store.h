#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/merkle/tree.h"

namespace kasbah::witness {

// The newest checkpoint of a log that was cosigned.
struct CosignedHead {
  uint64_t size = 0;
  merkle::Hash root{};
};

// Where a witness remembers how far it saw each log. One writer at a time.
class HeadStore {
 public:
  virtual ~HeadStore() = default;
  // Nothing for a log that was never cosigned; an error when that cannot be told.
  virtual absl::StatusOr<std::optional<CosignedHead>> Find(const std::string& origin) = 0;
  // On disk when it returns OK.
  virtual absl::Status Save(const std::string& origin, const CosignedHead& head) = 0;
};

}  // namespace kasbah::witness
