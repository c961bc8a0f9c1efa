#include "services/tenant_data/domain/etag.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {

std::string FormatEtag(uint64_t version) { return absl::StrCat("v", version); }

absl::StatusOr<uint64_t> ParseEtag(std::string_view etag) {
  uint64_t version = 0;
  if (etag.size() >= 2 && etag.size() <= 19 && etag[0] == 'v' && etag[1] != '0') {
    const char* const end = etag.data() + etag.size();
    const auto [stop, error] = std::from_chars(etag.data() + 1, end, version);
    if (error == std::errc() && stop == end) return version;
  }
  return InvalidField("etag", "is not an etag that it was read with");
}

absl::Status CheckEtag(std::string_view etag, uint64_t version) {
  ASSIGN_OR_RETURN(const uint64_t read, ParseEtag(etag));
  if (read == version) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "it changed since it was read; read it again and repeat the change");
}

absl::StatusOr<std::optional<uint64_t>> ParseEtagOrAny(std::string_view etag, bool may_be_empty) {
  if (etag == "*" || (may_be_empty && etag.empty())) return std::nullopt;
  ASSIGN_OR_RETURN(const uint64_t version, ParseEtag(etag));
  return std::make_optional(version);
}

}  // namespace kasbah::tenantdata
