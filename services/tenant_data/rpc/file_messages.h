#pragma once

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/files.pb.h"
#include "services/tenant_data/domain/file.h"

namespace kasbah::tenantdata {

v1::File ToProto(const StoredFile& file);

// Ids are parsed, nothing else is checked. INVALID_FIELDS, below "metadata".
absl::StatusOr<FileToBe> FromProto(const v1::FileMetadata& metadata);

// What is wrong with a stream whose first message has no metadata, or another has.
absl::Status MetadataMissing();
absl::Status MetadataRepeated();

}  // namespace kasbah::tenantdata
