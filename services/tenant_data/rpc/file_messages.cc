#include "services/tenant_data/rpc/file_messages.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {

v1::File ToProto(const StoredFile& file) {
  v1::File message;
  message.set_file_id(file.id.ToString());
  message.set_name(file.name);
  message.set_content_type(file.content_type);
  message.set_size(file.size);
  message.set_sha256(file.sha256);
  if (file.customer) message.set_customer_id(file.customer->ToString());
  if (file.collection) message.set_collection_id(file.collection->ToString());
  if (file.record) message.set_record_id(file.record->ToString());
  *message.mutable_create_time() = ToTimestamp(file.created);
  message.set_creator_kind(file.creator_kind);
  message.set_creator_id(file.creator_id);
  return message;
}

absl::StatusOr<FileToBe> FromProto(const v1::FileMetadata& metadata) {
  FileToBe file;
  file.name = metadata.name();
  file.content_type = metadata.content_type();
  file.size = metadata.size();
  file.sha256 = metadata.sha256();
  file.subject = metadata.subject();
  if (!metadata.customer_id().empty()) {
    ASSIGN_OR_RETURN(file.customer,
                     ParseId<CustomerId>("metadata.customer_id", metadata.customer_id()));
  }
  if (!metadata.collection_id().empty()) {
    ASSIGN_OR_RETURN(file.collection,
                     ParseId<CollectionId>("metadata.collection_id", metadata.collection_id()));
  }
  if (!metadata.record_id().empty()) {
    ASSIGN_OR_RETURN(file.record, ParseId<RecordId>("metadata.record_id", metadata.record_id()));
  }
  return file;
}

absl::Status MetadataMissing() {
  return InvalidField("metadata", "must be in the first message of an upload");
}

absl::Status MetadataRepeated() {
  return InvalidField("metadata", "must be in the first message of an upload alone");
}

}  // namespace kasbah::tenantdata
