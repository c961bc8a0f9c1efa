#include "services/tenant_data/rights/archive_download.h"

#include "libs/base/status_macros.h"
#include "services/tenant_data/rights/tar_member.h"

namespace kasbah::tenantdata {

int64_t ArchiveSize(const std::vector<ArchiveMember>& members) {
  auto size = static_cast<int64_t>(TarEnd().size());
  for (const ArchiveMember& member : members) size += TarMember::SizeOf(member.size);
  return size;
}

absl::StatusOr<std::string> ArchiveDownload::Next() {
  while (!is_over_) {
    if (member_ == nullptr) {
      if (next_ == members_.size()) {
        is_over_ = true;
        return TarEnd();
      }
      ASSIGN_OR_RETURN(member_, FileDownload::BeginPiece(parts_, call_, members_[next_++].piece));
    }
    ASSIGN_OR_RETURN(std::string bytes, member_->Next());
    if (!bytes.empty()) return bytes;
    member_.reset();
  }
  return "";
}

}  // namespace kasbah::tenantdata
