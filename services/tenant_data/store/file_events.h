#pragma once

#include <string_view>
#include <vector>

#include "libs/base/clock.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/file.h"
#include "services/tenant_data/store/file_store.h"

namespace kasbah::tenantdata {

// Without its name, which may be a person's.
outbox::Target FileTarget(FileId file);

// "file.created", "file.deleted": what subscribers are told, without name and digest.
outbox::v1::ChangeEvent FileChange(const CallContext& call, const Clock& clock,
                                   std::string_view type, const StoredFile& file);

// "file.deleted" of those of `gone` that were stored as they were held.
std::vector<outbox::v1::ChangeEvent> FilesDeleted(const CallContext& call, const Clock& clock,
                                                  const std::vector<FileStore::Held>& held,
                                                  const std::vector<StoredFile>& gone);

}  // namespace kasbah::tenantdata
