#include "libs/objects/object_store.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"

namespace kasbah::objects {

std::string PrefixOf(TenantId tenant) { return StrCat("tenants/", tenant.ToString(), "/files/"); }

std::string ObjectKey::ToString() const { return StrCat(PrefixOf(tenant), file.ToString()); }

absl::Status StoreUnavailable(std::string_view cause) {
  telemetry::LogWarning("the object store does not answer", {{"error", cause}});
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "OBJECT_STORE_UNAVAILABLE",
                              "files cannot be stored or read at the moment"),
                        absl::Seconds(1));
}

absl::StatusOr<int64_t> DeleteAll(ObjectStore& store, TenantId tenant) {
  int64_t deleted = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<FileId> files, store.List(tenant, FileId(), 1000));
    if (files.empty()) return deleted;
    for (const FileId file : files) {
      RETURN_IF_ERROR(store.Delete({tenant, file}));
      ++deleted;
    }
  }
}

}  // namespace kasbah::objects
