#include "services/tenant_data/domain/slug.h"

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "services/tenant_data/domain/reserved_slugs.h"

namespace kasbah::tenantdata {

absl::Status CheckSlug(std::string_view slug) {
  if (slug.size() < 3 || slug.size() > 40)
    return InvalidField("slug", "must have 3 to 40 characters");
  for (char c : slug) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '-') {
      return InvalidField("slug", "must hold lower-case letters, digits and hyphens only");
    }
  }
  if (slug.front() == '-' || slug.back() == '-') {
    return InvalidField("slug", "must not begin or end with a hyphen");
  }
  if (slug.find("--") != std::string_view::npos) {
    return InvalidField("slug", "must not hold two hyphens in a row");
  }
  if (IsReservedSlug(slug)) return InvalidField("slug", "is reserved");
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
