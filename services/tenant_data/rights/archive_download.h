#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/tenant_data/files/file_downloads.h"
#include "services/tenant_data/store/rights_store.h"

namespace kasbah::tenantdata {

// How long an archive of these members is.
int64_t ArchiveSize(const std::vector<ArchiveMember>& members);

// An archive on its way out, member by member. Not thread safe.
class ArchiveDownload {
 public:
  ArchiveDownload(const FileParts& parts, const CallContext& call,
                  std::vector<ArchiveMember> members)
      : parts_(parts), call_(call), members_(std::move(members)) {}

  // The next bytes; empty at the end. DATA_LOSS, FILE_CORRUPT; NOT_FOUND when it went meanwhile.
  absl::StatusOr<std::string> Next();

 private:
  const FileParts& parts_;
  const CallContext& call_;
  const std::vector<ArchiveMember> members_;
  size_t next_ = 0;
  std::unique_ptr<FileDownload> member_;
  bool is_over_ = false;
};

}  // namespace kasbah::tenantdata
