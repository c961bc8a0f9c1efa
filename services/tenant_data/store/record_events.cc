#include "services/tenant_data/store/record_events.h"

#include "absl/strings/str_cat.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"

namespace kasbah::tenantdata {

namespace {

void SetValues(const ValidValues& valid,
               google::protobuf::Map<std::string, google::protobuf::Value>* data) {
  if (valid.data.size() > kMaxEventValueBytes) {
    (*data)["values_omitted"].set_bool_value(true);
    return;
  }
  google::protobuf::Struct& values = *(*data)["values"].mutable_struct_value();
  values = valid.values;
  for (const std::string& key : valid.withheld) values.mutable_fields()->erase(key);
}

}  // namespace

outbox::v1::AuditEvent AuditOf(const CallContext& call, const Clock& clock,
                               const RecordChanged& changed) {
  return outbox::Succeeded(
      call, clock, StrCat("record.", changed.verb),
      {"record", changed.record.ToString(), std::string(changed.collection_key)},
      {{"collection", changed.collection.ToString()}, {"version", absl::StrCat(changed.version)}});
}

outbox::v1::ChangeEvent ChangeOf(const CallContext& call, const Clock& clock,
                                 const RecordChanged& changed) {
  const std::string id = changed.record.ToString();
  outbox::v1::ChangeEvent event =
      outbox::Change(call, clock, StrCat("record.", changed.verb, "d"), id, changed.version);
  auto& data = *event.mutable_data()->mutable_fields();
  data["record_id"].set_string_value(id);
  data["collection_id"].set_string_value(changed.collection.ToString());
  data["collection"].set_string_value(std::string(changed.collection_key));
  data["version"].set_number_value(static_cast<double>(changed.version));
  if (changed.values != nullptr) SetValues(*changed.values, &data);
  if (changed.customer) {
    event.set_customer_id(changed.customer->ToString());
    data["customer_id"].set_string_value(event.customer_id());
  }
  return event;
}

absl::Status AppendEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                          const CallContext& call, const Clock& clock,
                          const RecordChanged& changed) {
  return outbox.AppendBoth(tx, call, AuditOf(call, clock, changed), ChangeOf(call, clock, changed));
}

}  // namespace kasbah::tenantdata
