#include "services/tenant_data/rpc/record_pages.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include <nlohmann/json.hpp>

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;
using Json = nlohmann::ordered_json;

constexpr std::string_view kRecords = "tenant_data.records";
constexpr std::string_view kHistory = "tenant_data.record_history";

// Where a page begins: after a record, or after a version of one.
struct Place {
  bool deleted = false;
  CollectionId collection;
  RecordId record;
  int64_t version = 0;
};

template <typename Id>
Id IdOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return Id();
  return Id(Uuid::Parse(found->get<std::string>()).value_or(Uuid()));
}

absl::StatusOr<Place> ParsePlace(const std::string& cursor) {
  Place place;
  if (cursor.empty()) return place;
  const Json object = Json::parse(cursor, nullptr, false);
  if (!object.is_object()) return InvalidField("page_token", "is not of this list");
  const auto deleted = object.find("deleted");
  const auto version = object.find("version");
  place.deleted = deleted != object.end() && deleted->is_boolean() && deleted->get<bool>();
  place.collection = IdOf<CollectionId>(object, "collection");
  place.record = IdOf<RecordId>(object, "record");
  if (version != object.end() && version->is_number_integer()) {
    place.version = version->get<int64_t>();
  }
  return place;
}

std::string FormatPlace(const Place& place) {
  return Json{{"deleted", place.deleted},
              {"collection", place.collection.uuid().ToString()},
              {"record", place.record.uuid().ToString()},
              {"version", place.version}}
      .dump();
}

std::string ToText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::string> ValuesAsJson(const v1::Record& shown) {
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(shown.values(), &text).ok()) {
    return absl::DataLossError("a record has no JSON form");
  }
  return text;
}

absl::Status RequireOpened(const v1::Record& shown) {
  for (const v1::UnavailableValue& value : shown.unavailable()) {
    if (value.reason() == kKeyShredded) continue;
    return WithRetryDelay(Error(absl::StatusCode::kUnavailable, value.reason(),
                                "a sealed value cannot be opened just now"),
                          absl::Seconds(1));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RowOf(const ExportedRecord& exported, const v1::Record& shown) {
  const StoredRecord& record = exported.record;
  Json row = {{"record_id", record.id.ToString()}, {"collection", exported.collection_key}};
  if (record.customer) row["customer_id"] = record.customer->ToString();
  if (!record.subject.empty()) row["subject_id"] = record.subject;
  row["version"] = record.version;
  row["create_time"] = ToText(record.created);
  row["update_time"] = ToText(record.updated);
  if (exported.deleted) row["delete_time"] = ToText(*exported.deleted);
  if (!exported.change.empty()) {
    row["change"] = exported.change;
    row["actor"] = StrCat(exported.actor_kind, " ", exported.actor_id);
  }
  ASSIGN_OR_RETURN(const std::string values, ValuesAsJson(shown));
  row["values"] = Json::parse(values, nullptr, false);
  RETURN_IF_ERROR(RequireOpened(shown));
  for (const v1::UnavailableValue& value : shown.unavailable()) {
    row["shredded"].push_back(value.field());
  }
  return row.dump();
}

bool RecordPages::Has(std::string_view table) { return table == kRecords || table == kHistory; }

absl::StatusOr<RecordPages::Page> RecordPages::After(const CallContext& call,
                                                     std::string_view table,
                                                     const std::string& cursor) {
  return table == kRecords ? Records(call, cursor) : Past(call, cursor);
}

absl::Status RecordPages::Show(const CallContext& call, const std::vector<ExportedRecord>& records,
                               std::vector<std::string>* rows) {
  std::vector<StoredRecord> stored;
  for (const ExportedRecord& exported : records) stored.push_back(exported.record);
  ASSIGN_OR_RETURN(const std::vector<v1::Record> shown, opener_.Show(call, stored));
  for (size_t i = 0; i < records.size(); ++i) {
    ASSIGN_OR_RETURN(std::string row, RowOf(records[i], shown[i]));
    rows->push_back(std::move(row));
  }
  return absl::OkStatus();
}

absl::StatusOr<RecordPages::Page> RecordPages::Records(const CallContext& call,
                                                       const std::string& cursor) {
  ASSIGN_OR_RETURN(Place place, ParsePlace(cursor));
  ASSIGN_OR_RETURN(
      std::vector<ExportedRecord> records,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return ExportedRecords::After(tx, call.tenant, place.deleted, place.collection,
                                      place.record);
      }));
  Page page;
  if (records.empty()) {
    // What is deleted comes after what is not.
    Place next;
    next.deleted = true;
    if (!place.deleted) page.cursor = FormatPlace(next);
    return page;
  }
  // Those of one collection: the next page begins with the next.
  const CollectionId collection = records.front().record.collection;
  std::erase_if(records,
                [&](const ExportedRecord& e) { return e.record.collection != collection; });
  page.member = StrCat(place.deleted ? "tenant_data.deleted_records/" : "tenant_data.records/",
                       records.front().collection_key);
  RETURN_IF_ERROR(Show(call, records, &page.rows));
  place.collection = collection;
  place.record = records.back().record.id;
  page.cursor = FormatPlace(place);
  return page;
}

absl::StatusOr<RecordPages::Page> RecordPages::Past(const CallContext& call,
                                                    const std::string& cursor) {
  ASSIGN_OR_RETURN(Place place, ParsePlace(cursor));
  ASSIGN_OR_RETURN(
      const std::vector<ExportedRecord> versions,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return ExportedRecords::PastAfter(tx, call.tenant, place.record, place.version);
      }));
  Page page;
  if (versions.empty()) return page;
  page.member = kHistory;
  RETURN_IF_ERROR(Show(call, versions, &page.rows));
  place.record = versions.back().record.id;
  place.version = static_cast<int64_t>(versions.back().record.version);
  page.cursor = FormatPlace(place);
  return page;
}

}  // namespace kasbah::tenantdata
