#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/csi_provider/domain/mount_order.h"

namespace kasbah::csi_provider {

// The SecretProviderClass's list of objects, in YAML. `mode` is that of files which ask for none.
// INVALID_ARGUMENT, OBJECTS_INVALID or PATH_INVALID, naming the object by its number.
absl::StatusOr<std::vector<MountObject>> ParseObjects(const std::string& yaml, int mode);

// OK for a path that stays within the volume: relative segments of letters, digits, "-", "_" and
// ".", none of them made of dots alone.
absl::Status CheckVolumePath(const std::string& path);

}  // namespace kasbah::csi_provider
