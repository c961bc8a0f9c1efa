#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace kasbah::csi_provider {

// One file of a pod's volume, and the secret whose value it holds.
struct MountObject {
  // sec_… or path.
  std::string secret;
  // 0: the latest.
  uint32_t version = 0;
  // Relative to the volume; what the secret is called where nothing else is said.
  std::string path;
  // 0 to 0777.
  int mode = 0;
};

// What the CSI driver asks for: whose secrets, for which pod, as which files.
struct MountOrder {
  TenantId tenant;
  std::string namespace_name;
  std::string pod_name;
  std::string pod_uid;
  // Of the pod's service account, for our audience.
  std::string token;
  std::vector<MountObject> objects;
};

// Reads a MountRequest's three JSON texts. The parameters `tenant` and `objects` come from the
// SecretProviderClass; `objects` is a list in YAML:
//
//   - secret: prod/db-url        # sec_… or a path
//     version: 3                 # left out: the latest
//     path: db-url               # left out: the secret's path
//     mode: "0400"               # octal; left out: what the driver says
//
// INVALID_ARGUMENT with reason ATTRIBUTES_INVALID (what Kubernetes says of the pod is missing),
// TENANT_INVALID, TOKEN_MISSING (the CSIDriver asks for none of our audience), OBJECTS_INVALID or
// PATH_INVALID. No message holds anything of a token.
absl::StatusOr<MountOrder> ParseMountOrder(std::string_view attributes, std::string_view secrets,
                                           std::string_view permission, std::string_view audience);

// What tells one state of a file from another: made of which secret and version it is, never of the
// value, since Kubernetes shows it to whoever may read the pod's status.
std::string ObjectVersionOf(const MountObject& object, std::string_view secret_id,
                            uint32_t version);

}  // namespace kasbah::csi_provider
