#include "services/tenant_data/rpc/record_reader.h"

#include <optional>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/filter.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// A page ends early past this, well below the largest message.
constexpr size_t kMaxPageBytes = 4'000'000;

// Where an opened value belongs.
struct Place {
  size_t record;
  const FieldRule* field;
};

absl::Status UnknownField() { return absl::DataLossError("a sealed value is of an unknown field"); }

size_t BytesOf(const StoredRecord& record) { return record.data.size() + record.sealed.size(); }

}  // namespace

absl::StatusOr<StoredRecord> RecordReader::Find(const rpc::Call& call, RecordId id) {
  return database_.WithTenant(call, [&](Transaction& tx) {
    customers_.RequireActiveScope(tx, call);
    return records_.Get(tx, call, id);
  });
}

absl::StatusOr<v1::Record> RecordReader::Get(const rpc::Call& call, RecordId id) {
  ASSIGN_OR_RETURN(const StoredRecord stored, Find(call, id));
  v1::Record record = ToProto(stored);
  ASSIGN_OR_RETURN(*record.mutable_values(), ParseFlatObject(stored.data));
  if (stored.sealed.empty()) return record;
  ASSIGN_OR_RETURN(const SealedValues sealed, UnpackSealed(stored.sealed));
  ASSIGN_OR_RETURN(const auto rules,
                   definitions_.Version(call, stored.collection, stored.schema_version));
  RETURN_IF_ERROR(Open(call, *rules, id, sealed, record.mutable_values()));
  return record;
}

absl::Status RecordReader::Open(const rpc::Call& call, const RuleTable& rules, RecordId record,
                                const SealedValues& sealed, google::protobuf::Struct* values) {
  std::vector<SealItem> items;
  for (const auto& [field, ciphertext] : sealed) items.push_back({record, field, ciphertext});
  if (items.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> opened, sealer_.Open(call, items));
  for (size_t i = 0; i < items.size(); ++i) {
    const FieldRule* field = rules.Find(items[i].field);
    if (field == nullptr) return UnknownField();
    ASSIGN_OR_RETURN(const Scalar scalar, ParseScalar(opened[i]));
    (*values->mutable_fields())[field->definition.key] = ToProto(scalar);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListRecordsResponse> RecordReader::List(const rpc::Call& call,
                                                           const v1::ListRecordsRequest& request) {
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const std::vector<Condition> conditions, ParseFilter(*rules, request.equals()));
  const std::string listed = DescribeList(*rules, conditions);
  ASSIGN_OR_RETURN(const std::optional<Uuid> after, ParsePageToken(request.page_token(), listed));
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(std::vector<StoredRecord> records,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     customers_.RequireActiveScope(tx, call);
                     return records_.List(tx, call, rules->collection_id(), conditions,
                                          RecordId(after.value_or(Uuid())), size + 1);
                   }));
  size_t shown = 0;
  size_t bytes = 0;
  while (shown < records.size() && shown < static_cast<size_t>(size) && bytes < kMaxPageBytes) {
    bytes += BytesOf(records[shown++]);
  }
  v1::ListRecordsResponse reply;
  if (shown < records.size()) {
    reply.set_next_page_token(FormatPageToken(records[shown - 1].id.uuid(), listed));
    records.resize(shown);
  }
  ASSIGN_OR_RETURN(std::vector<v1::Record> page, Show(call, records));
  for (v1::Record& record : page) *reply.add_records() = std::move(record);
  return reply;
}

absl::StatusOr<std::vector<v1::Record>> RecordReader::Show(
    const rpc::Call& call, const std::vector<StoredRecord>& records) {
  std::vector<v1::Record> shown;
  std::vector<SealItem> items;
  std::vector<Place> places;
  // Keeps the rules that places point into.
  std::vector<std::shared_ptr<const RuleTable>> tables;
  for (const StoredRecord& stored : records) {
    v1::Record& record = shown.emplace_back(ToProto(stored));
    ASSIGN_OR_RETURN(*record.mutable_values(), ParseFlatObject(stored.data));
    if (stored.sealed.empty()) continue;
    ASSIGN_OR_RETURN(SealedValues sealed, UnpackSealed(stored.sealed));
    ASSIGN_OR_RETURN(tables.emplace_back(),
                     definitions_.Version(call, stored.collection, stored.schema_version));
    for (auto& [field, ciphertext] : sealed) {
      places.push_back({shown.size() - 1, tables.back()->Find(field)});
      if (places.back().field == nullptr) return UnknownField();
      items.push_back({stored.id, field, std::move(ciphertext)});
    }
  }
  if (items.empty()) return shown;
  ASSIGN_OR_RETURN(const std::vector<std::string> opened, sealer_.Open(call, items));
  for (size_t i = 0; i < places.size(); ++i) {
    ASSIGN_OR_RETURN(const Scalar scalar, ParseScalar(opened[i]));
    auto& values = *shown[places[i].record].mutable_values()->mutable_fields();
    values[places[i].field->definition.key] = ToProto(scalar);
  }
  return shown;
}

absl::StatusOr<v1::ListRecordHistoryResponse> RecordReader::History(
    const rpc::Call& call, const v1::ListRecordHistoryRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::optional<uint64_t> last,
                   ParseVersionToken(request.page_token(), id.uuid().view()));
  const uint64_t before = last.value_or(uint64_t{1} << 62);
  ASSIGN_OR_RETURN(std::vector<StoredVersion> versions,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     customers_.RequireActiveScope(tx, call);
                     return records_.History(tx, call, id, before, size + 1);
                   }));
  if (versions.empty() && !last) return NotFound("record");
  v1::ListRecordHistoryResponse reply;
  size_t bytes = 0;
  for (const StoredVersion& version : versions) {
    if (reply.versions_size() == size || bytes >= kMaxPageBytes) {
      const uint64_t shown = reply.versions(reply.versions_size() - 1).version();
      reply.set_next_page_token(FormatVersionToken(shown, id.uuid().view()));
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
  if (version.sealed.empty()) return shown;
  ASSIGN_OR_RETURN(const SealedValues sealed, UnpackSealed(version.sealed));
  ASSIGN_OR_RETURN(const auto rules,
                   definitions_.Version(call, version.collection, version.schema_version));
  for (const auto& [field, ciphertext] : sealed) {
    const FieldRule* rule = rules->Find(field);
    if (rule == nullptr) return UnknownField();
    (*shown.mutable_values()->mutable_fields())[rule->definition.key].set_null_value(
        google::protobuf::NULL_VALUE);
  }
  return shown;
}

}  // namespace kasbah::tenantdata
