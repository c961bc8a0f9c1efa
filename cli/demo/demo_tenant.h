#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/dev/installation.h"

namespace kasbah::cli {

// The tenant that a new development installation begins with, so that there is something to call.
struct DemoTenant {
  std::string tenant_id;
  std::string slug;
  // File with its API key, mode 0600.
  std::string api_key_file;
};

// Makes the tenant, its API key (admin), its registered program "cli" and a small collection
// "notes" at the first start; finds them again later. Writes the contexts "dev" (operator) and
// "demo" (the tenant) each time.
absl::StatusOr<DemoTenant> EnsureDemoTenant(const dev::Installation& installation);

// The demo tenant of an installation that has been started before.
absl::StatusOr<DemoTenant> FindDemoTenant(const dev::Installation& installation);

// A tenant with an API key and a registered program: what both the demo and the tour begin with.
struct NewTenant {
  std::string tenant_id;
  std::string api_key_id;
  std::string api_key;
};
absl::StatusOr<NewTenant> CreateTenantWithKey(const dev::Installation& installation,
                                              const std::string& slug, const std::string& name,
                                              const std::string& program);

}  // namespace kasbah::cli
