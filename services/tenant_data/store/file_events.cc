#include "services/tenant_data/store/file_events.h"

#include "absl/container/flat_hash_set.h"

namespace kasbah::tenantdata {

outbox::Target FileTarget(FileId file) { return {"file", file.ToString(), ""}; }

outbox::v1::ChangeEvent FileChange(const CallContext& call, const Clock& clock,
                                   std::string_view type, const StoredFile& file) {
  const std::string id = file.id.ToString();
  // A file is made and deleted, and nothing else ever happens to it.
  outbox::v1::ChangeEvent event =
      outbox::Change(call, clock, type, id, type == "file.created" ? 1 : 2);
  auto& data = *event.mutable_data()->mutable_fields();
  data["file_id"].set_string_value(id);
  if (!file.content_type.empty()) data["content_type"].set_string_value(file.content_type);
  data["size"].set_number_value(static_cast<double>(file.size));
  if (file.record) data["record_id"].set_string_value(file.record->ToString());
  if (file.collection) data["collection_id"].set_string_value(file.collection->ToString());
  if (file.customer) {
    event.set_customer_id(file.customer->ToString());
    data["customer_id"].set_string_value(event.customer_id());
  }
  return event;
}

std::vector<outbox::v1::ChangeEvent> FilesDeleted(const CallContext& call, const Clock& clock,
                                                  const std::vector<FileStore::Held>& held,
                                                  const std::vector<StoredFile>& gone) {
  absl::flat_hash_set<FileId> stored;
  for (const FileStore::Held& file : held) {
    if (file.is_stored) stored.insert(file.id);
  }
  std::vector<outbox::v1::ChangeEvent> events;
  for (const StoredFile& file : gone) {
    if (stored.contains(file.id)) events.push_back(FileChange(call, clock, "file.deleted", file));
  }
  return events;
}

}  // namespace kasbah::tenantdata
