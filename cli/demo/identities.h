#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "cli/client/context.h"
#include "libs/base/ids.h"
#include "libs/dev/installation.h"

namespace kasbah::cli {

// As whom a development installation can be called: the contexts of what runs in a directory.

// Its operator.
Context OperatorContext(const dev::Installation& installation);

// A tenant's program: a workload certificate of the tenant, and its API key in a file (may be
// empty).
Context TenantContext(const dev::Installation& installation, const std::string& name,
                      const std::string& certificate_directory, const std::string& api_key_file);

// An operator's client, for the installation or acting for a tenant ("" or ten_…).
absl::StatusOr<std::unique_ptr<Client>> OperatorClient(const dev::Installation& installation,
                                                       const std::string& tenant);

// A tenant's client with a certificate issued now. The key stays in memory.
absl::StatusOr<std::unique_ptr<Client>> TenantClient(const dev::Installation& installation,
                                                     const std::string& tenant,
                                                     const std::string& workload,
                                                     const std::string& api_key);

}  // namespace kasbah::cli
