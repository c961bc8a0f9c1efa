#include "services/tenant_data/rpc/record_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// A page ends early past this, well below the largest message.
constexpr size_t kMaxPageBytes = 4'000'000;

size_t BytesOf(const StoredRecord& record) { return record.data.size() + record.sealed.size(); }

// What page tokens of a list are bound to.
std::string Describe(const rpc::Call& call, const Listing& listing) {
  std::string text("records");
  text.append(call.tenant.uuid().view());
  text.append(call.customer ? call.customer->uuid().view() : "all");
  text.append(listing.collection.uuid().view());
  DescribeFilter(listing.filter, &text);
  DescribeOrder(listing.order, &text);
  return text;
}

}  // namespace

absl::StatusOr<StoredRecord> RecordReader::Find(const rpc::Call& call, RecordId id) {
  return database_.WithTenant(call, [&](Transaction& tx) { return records_.Get(tx, call, id); });
}

absl::StatusOr<StoredRecord> RecordReader::FindDeleted(const rpc::Call& call, RecordId id) {
  return database_.WithTenant(call,
                              [&](Transaction& tx) { return records_.GetDeleted(tx, call, id); });
}

absl::StatusOr<std::optional<RecordId>> RecordReader::FindByUnique(const rpc::Call& call,
                                                                   const UniqueEntry& unique) {
  return database_.WithTenant(call, [&](Transaction& tx) {
    return values_.FindOwner(tx, call, unique.field, unique.value);
  });
}

absl::StatusOr<v1::Record> RecordReader::Get(const rpc::Call& call, RecordId id) {
  ASSIGN_OR_RETURN(const StoredRecord stored, Find(call, id));
  return opener_.Show(call, stored);
}

void RecordReader::StartGet(const rpc::Call& call, RecordId id, rpc::Answer<v1::Record> answer) {
  database_.WithTenantShared(
      call, [&](Transaction& tx) { return records_.Get(tx, call, id); },
      [this, &call,
       answer = std::move(answer)](std::optional<absl::StatusOr<StoredRecord>> stored) mutable {
        if (!stored.has_value()) return answer.Defer();
        if (!stored->ok()) return answer.Give(stored->status());
        if ((*stored)->sealed.empty()) return answer.Give(opener_.Show(call, **stored));
        // The vault opens what is sealed, which takes its time.
        answer.Later([this, record = **std::move(stored)](const rpc::Call& later) {
          return opener_.Show(later, record);
        });
      });
}

absl::StatusOr<v1::Record> RecordReader::GetAsOf(const rpc::Call& call,
                                                 const v1::GetRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const absl::Time time, FromTimestamp(request.time(), "time"));
  ASSIGN_OR_RETURN(const StoredRecord stored, database_.WithTenant(call, [&](Transaction& tx) {
    return request.has_time() ? records_.AtTime(tx, call, id, time)
                              : records_.AtVersion(tx, call, id, request.version());
  }));
  return opener_.Show(call, stored);
}

absl::StatusOr<v1::BatchGetRecordsResponse> RecordReader::BatchGet(
    const rpc::Call& call, const v1::BatchGetRecordsRequest& request) {
  std::vector<RecordId> ids;
  for (const std::string& text : request.record_ids()) {
    ASSIGN_OR_RETURN(ids.emplace_back(), ParseId<RecordId>("record_ids", text));
  }
  ASSIGN_OR_RETURN(
      const std::vector<StoredRecord> found,
      database_.WithTenant(call, [&](Transaction& tx) { return records_.GetMany(tx, call, ids); }));
  ASSIGN_OR_RETURN(const std::vector<v1::Record> shown, opener_.Show(call, found));
  absl::flat_hash_map<RecordId, const v1::Record*> by_id;
  for (size_t i = 0; i < found.size(); ++i) by_id[found[i].id] = &shown[i];
  v1::BatchGetRecordsResponse reply;
  size_t bytes = 0;
  for (const RecordId id : ids) {
    const auto record = by_id.find(id);
    if (record == by_id.end()) {
      reply.add_missing(id.ToString());
      continue;
    }
    bytes += record->second->ByteSizeLong();
    if (bytes > kMaxPageBytes) {
      return InvalidField("record_ids", "are of records with more than 4 MB together");
    }
    *reply.add_records() = *record->second;
  }
  return reply;
}

absl::StatusOr<Filter> RecordReader::FilterOf(const rpc::Call& call, const RuleTable& rules,
                                              const std::string& filter,
                                              const google::protobuf::Struct& equals) {
  ASSIGN_OR_RETURN(Filter equal, ParseEquals(rules, equals));
  ASSIGN_OR_RETURN(Filter parsed, ParseFilter(rules, filter));
  Filter both = Both(std::move(equal), std::move(parsed));
  const std::vector<Comparison*> sealed = SealedComparisons(&both);
  if (sealed.empty()) return both;
  std::vector<BlindItem> items;
  for (const Comparison* comparison : sealed) {
    items.push_back({comparison->field, comparison->sealed_json});
  }
  ASSIGN_OR_RETURN(std::vector<std::vector<std::string>> indexes, indexer_.Lookup(call, items));
  for (size_t i = 0; i < sealed.size(); ++i) sealed[i]->blind = std::move(indexes[i]);
  return both;
}

absl::StatusOr<ListedPage> RecordReader::Page(const rpc::Call& call, const Listing& listing,
                                              Cursor after, int64_t size) {
  ListedPage page;
  while (true) {
    const int64_t missing = size - static_cast<int64_t>(page.records.size());
    ASSIGN_OR_RETURN(ListedPage found, database_.WithTenant(call, [&](Transaction& tx) {
      return list_.Page(tx, call, listing, after, missing);
    }));
    const bool is_full = static_cast<int64_t>(found.records.size()) == missing;
    for (ListedRecord& record : found.records) page.records.push_back(std::move(record));
    page.looked_to = found.looked_to;
    const bool has_rest = listing.order.field && listing.order.may_lack && !after.lacks_value;
    if (is_full || page.looked_to || !has_rest) return page;
    after = Cursor();
    after.lacks_value = true;
  }
}

absl::StatusOr<v1::ListRecordsResponse> RecordReader::List(const rpc::Call& call,
                                                           const v1::ListRecordsRequest& request) {
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  Listing listing{rules->collection_id(), Filter(), Order()};
  ASSIGN_OR_RETURN(listing.filter, FilterOf(call, *rules, request.filter(), request.equals()));
  ASSIGN_OR_RETURN(listing.order, ParseOrder(*rules, request.order_by()));
  const std::string list = Describe(call, listing);
  Cursor after;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(const auto key, cursor_keys_.Get(call));
    ASSIGN_OR_RETURN(std::optional<Cursor> given, ParseCursor(*key, list, request.page_token()));
    if (given) after = *std::move(given);
  }
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(const ListedPage found, Page(call, listing, after, size + 1));
  std::vector<StoredRecord> records;
  size_t bytes = 0;
  for (const ListedRecord& listed : found.records) {
    if (records.size() == static_cast<size_t>(size) || bytes >= kMaxPageBytes) break;
    bytes += BytesOf(listed.record);
    records.push_back(listed.record);
  }
  v1::ListRecordsResponse reply;
  std::optional<Cursor> next = found.looked_to;
  if (records.size() < found.records.size()) next = found.records[records.size() - 1].cursor;
  if (next) {
    ASSIGN_OR_RETURN(const auto key, cursor_keys_.Get(call));
    reply.set_next_page_token(FormatCursor(*key, list, *next));
  }
  if (request.include_total()) RETURN_IF_ERROR(AddTotal(call, listing, &reply));
  ASSIGN_OR_RETURN(std::vector<v1::Record> shown, opener_.Show(call, records));
  for (v1::Record& record : shown) *reply.add_records() = std::move(record);
  return reply;
}

absl::Status RecordReader::AddTotal(const rpc::Call& call, const Listing& listing,
                                    v1::ListRecordsResponse* reply) {
  ASSIGN_OR_RETURN(const int64_t total, database_.WithTenant(call, [&](Transaction& tx) {
    return list_.Count(tx, call, listing);
  }));
  reply->set_total_size(std::min(total, kMaxTotal));
  reply->set_total_is_at_least(total > kMaxTotal);
  return absl::OkStatus();
}

absl::StatusOr<v1::ListRecordHistoryResponse> RecordReader::History(
    const rpc::Call& call, const v1::ListRecordHistoryRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  // The id is this tenant's alone, and who may not see the record sees no version.
  std::string list("history");
  list.append(id.uuid().view());
  std::optional<uint64_t> last;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(const auto key, cursor_keys_.Get(call));
    ASSIGN_OR_RETURN(last, ParseVersionCursor(*key, list, request.page_token()));
  }
  const uint64_t before = last.value_or(uint64_t{1} << 62);
  ASSIGN_OR_RETURN(std::vector<StoredVersion> versions,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     return records_.History(tx, call, id, before, size + 1);
                   }));
  if (versions.empty() && !last) return NotFound("record");
  v1::ListRecordHistoryResponse reply;
  size_t bytes = 0;
  for (const StoredVersion& version : versions) {
    if (reply.versions_size() == size || bytes >= kMaxPageBytes) {
      const uint64_t shown = reply.versions(reply.versions_size() - 1).version();
      ASSIGN_OR_RETURN(const auto key, cursor_keys_.Get(call));
      reply.set_next_page_token(FormatVersionCursor(*key, list, shown));
      break;
    }
    bytes += version.data.size();
    ASSIGN_OR_RETURN(*reply.add_versions(), ShowVersion(call, version));
  }
  return reply;
}

absl::StatusOr<v1::RecordVersion> RecordReader::ShowVersion(const rpc::Call& call,
                                                            const StoredVersion& version) {
  v1::RecordVersion shown;
  shown.set_version(version.version);
  shown.set_change(version.change);
  shown.set_actor_kind(version.actor_kind);
  shown.set_actor_id(version.actor_id);
  shown.set_request_id(version.request_id);
  *shown.mutable_time() = ToTimestamp(version.time);
  ASSIGN_OR_RETURN(*shown.mutable_values(), ParseFlatObject(version.data));
  auto& values = *shown.mutable_values()->mutable_fields();
  if (!version.sealed.empty()) {
    ASSIGN_OR_RETURN(const SealedValues sealed, UnpackSealed(version.sealed));
    ASSIGN_OR_RETURN(const auto rules,
                     definitions_.Version(call, version.collection, version.schema_version));
    for (const auto& [field, ciphertext] : sealed) {
      const FieldRule* rule = rules->Find(field);
      if (rule == nullptr) return absl::DataLossError("a sealed value is of an unknown field");
      values[rule->definition.key].set_null_value(google::protobuf::NULL_VALUE);
    }
  }
  if (version.changed) {
    for (const std::string& key : *version.changed) shown.add_changed_fields(key);
  } else if (version.change == "created") {
    std::set<std::string> keys;
    for (const auto& [key, value] : values) keys.insert(key);
    for (const std::string& key : keys) shown.add_changed_fields(key);
  }
  return shown;
}

}  // namespace kasbah::tenantdata
