#include "services/tenant_data/store/definition_events.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"

namespace kasbah::tenantdata {
namespace {

using outbox::v1::ChangeEvent;

ChangeEvent EventOf(const CallContext& call, const Clock& clock, const std::string& type,
                    const std::string& id, uint64_t sequence, const CollectionDefinition& of) {
  ChangeEvent event = outbox::Change(call, clock, type, id, sequence);
  auto& data = *event.mutable_data()->mutable_fields();
  data["collection_id"].set_string_value(of.id.ToString());
  data["collection"].set_string_value(of.key);
  data["schema_version"].set_number_value(of.schema_version);
  return event;
}

ChangeEvent EventOf(const CallContext& call, const Clock& clock,
                    const DefinitionEvent<FieldDefinition>& changed,
                    const CollectionDefinition& of) {
  const FieldDefinition& field = changed.definition;
  ChangeEvent event = EventOf(call, clock, StrCat("field.", changed.verb), field.id.ToString(),
                              static_cast<uint64_t>(field.revision), of);
  auto& data = *event.mutable_data()->mutable_fields();
  data["field_id"].set_string_value(field.id.ToString());
  data["key"].set_string_value(field.key);
  data["type"].set_string_value(std::string(FieldTypeName(field.type)));
  return event;
}

ChangeEvent EventOf(const CallContext& call, const Clock& clock,
                    const DefinitionEvent<GroupDefinition>& changed,
                    const CollectionDefinition& of) {
  const GroupDefinition& group = changed.definition;
  ChangeEvent event = EventOf(call, clock, StrCat("field_group.", changed.verb),
                              group.id.ToString(), static_cast<uint64_t>(group.revision), of);
  auto& data = *event.mutable_data()->mutable_fields();
  data["group_id"].set_string_value(group.id.ToString());
  data["key"].set_string_value(group.key);
  return event;
}

template <typename Events>
std::string CountOf(const Events& events, std::string_view verb) {
  int count = 0;
  for (const auto& event : events) count += event.verb == verb ? 1 : 0;
  return StrCat(count);
}

}  // namespace

absl::Status AppendDefinitionEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                    const CallContext& call, const Clock& clock,
                                    std::string_view verb, const DefinitionChange& change) {
  const CollectionDefinition& collection = change.next;
  const std::string id = collection.id.ToString();
  RETURN_IF_ERROR(outbox.AppendAudit(
      tx, call,
      outbox::Succeeded(call, clock, StrCat("collection.", verb),
                        {"collection", id, collection.key},
                        {{"schema_version", StrCat(collection.schema_version)},
                         {"fields_created", CountOf(change.fields, "created")},
                         {"fields_updated", CountOf(change.fields, "updated")},
                         {"fields_deleted", CountOf(change.fields, "deleted")}})));
  std::vector<ChangeEvent> events;
  events.push_back(
      EventOf(call, clock, StrCat("collection.", verb, "d"), id, collection.revision, collection));
  for (const auto& changed : change.groups) {
    events.push_back(EventOf(call, clock, changed, collection));
  }
  for (const auto& changed : change.fields) {
    events.push_back(EventOf(call, clock, changed, collection));
  }
  return outbox.AppendChanges(tx, call, events);
}

DefinitionChange MakingOf(const CollectionDefinition& collection) {
  DefinitionChange change;
  change.next = collection;
  for (const FieldDefinition& field : collection.fields) {
    change.fields.push_back({"created", field});
  }
  for (const GroupDefinition& group : collection.groups) {
    change.groups.push_back({"created", group});
  }
  return change;
}

}  // namespace kasbah::tenantdata
