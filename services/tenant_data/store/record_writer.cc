#include "services/tenant_data/store/record_writer.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/store/erased_subjects.h"
#include "services/tenant_data/store/file_events.h"
#include "services/tenant_data/store/record_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Result;
using postgres::Transaction;

StoredRecord ToStored(const RuleTable& rules, const NewRecord& record, absl::Time now) {
  StoredRecord stored;
  stored.id = record.id;
  stored.collection = rules.collection_id();
  stored.customer = record.customer;
  stored.schema_version = rules.schema_version();
  stored.data = record.values.data;
  stored.sealed = record.sealed;
  stored.created = now;
  stored.updated = now;
  stored.subject = record.subject;
  return stored;
}

// Whether it is worth another try, to say what is in the way.
bool IsInTheWay(const absl::Status& status) {
  return ReasonOf(status) == kValueTaken || ReasonOf(status) == kFileMissing;
}

std::vector<FileReference> FilesOf(RecordId record, const ValidValues& values) {
  std::vector<FileReference> files;
  for (const FileEntry& entry : values.files) files.push_back({record, entry.field, entry.file});
  return files;
}

// Pairs of which the change has a row, or names one of the fields. A default that fills in is named
// by nobody, and where its field was another before, a row may be left.
std::vector<FieldId> PairsOf(const RuleTable& rules, const ChangedRecord& record) {
  const auto is_named = [&](const FieldRule* rule) {
    return std::find(record.named.begin(), record.named.end(), rule->definition.id) !=
           record.named.end();
  };
  std::vector<FieldId> pairs;
  for (const PairEntry& entry : record.values.pairs) pairs.push_back(entry.pair);
  for (const PairRule& pair : rules.pairs()) {
    if (is_named(pair.field) || is_named(pair.order)) pairs.push_back(pair.id);
  }
  return pairs;
}

// Those of the fields that may have named files: what a field was before it was retired is kept.
std::vector<FieldId> FileFieldsOf(const RuleTable& rules, const std::vector<FieldId>& named) {
  std::vector<FieldId> fields;
  for (const FieldId field : named) {
    const FieldRule* rule = rules.Find(field);
    if (rule == nullptr || rule->definition.type == FieldType::kFile) fields.push_back(field);
  }
  return fields;
}

}  // namespace

absl::StatusOr<Created> RecordWriter::Create(const CallContext& call, const RuleTable& rules,
                                             const NewRecord& record,
                                             const std::optional<RequestKey>& request) {
  const absl::Time now = clock_.Now();
  absl::Status done = TryCreate(call, rules, record, request, now, Claiming::kAtOnce);
  if (IsInTheWay(done)) {
    done = TryCreate(call, rules, record, request, now, Claiming::kWaiting);
  }
  if (ReasonOf(done) == kRequestSeen) return Replay(call, *request);
  RETURN_IF_ERROR(done);
  return Created{record.id, now, /*replayed=*/false};
}

absl::Status RecordWriter::TryCreate(const CallContext& call, const RuleTable& rules,
                                     const NewRecord& record,
                                     const std::optional<RequestKey>& request, absl::Time now,
                                     Claiming claiming) {
  return database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    if (request) requests_.Claim(tx, call, *request, record.id.uuid().view(), now);
    if (record.customer) customers_.RequireActive(tx, call, *record.customer);
    collections_.WriteUnder(tx, call, rules.collection_id(), rules.schema_version());
    RETURN_IF_ERROR(
        ClaimValues(tx, call, rules, record.id, record.customer, record.values, claiming));
    return Insert(tx, call, rules, record, now);
  });
}

void RecordWriter::StartCreate(
    const CallContext& call, const RuleTable& rules, const NewRecord& record,
    absl::AnyInvocable<void(std::optional<absl::StatusOr<absl::Time>>)> done) {
  const absl::Time now = clock_.Now();
  database_.WithTenantShared(
      call,
      [&](Transaction& tx) -> absl::StatusOr<Pending<absl::Time>> {
        if (record.customer) customers_.RequireActive(tx, call, *record.customer);
        Pending<Result> current = collections_.TryWriteUnder(tx, call, rules.collection());
        RETURN_IF_ERROR(Insert(tx, call, rules, record, now));
        return std::move(current).Map([now](const Result&) { return now; });
      },
      std::move(done));
}

absl::Status RecordWriter::Insert(Transaction& tx, const CallContext& call, const RuleTable& rules,
                                  const NewRecord& record, absl::Time now) {
  if (!record.subject.empty()) erased_subjects::RequireNot(tx, call, {record.subject});
  records_.Insert(tx, call, ToStored(rules, record, now));
  InsertIndex(tx, call, record.id, record.customer, record.values, record.blind);
  return AppendEvents(outbox_, tx, call, clock_,
                      {"create", record.id, rules.collection_id(), rules.collection().key,
                       record.customer, 1, &record.values});
}

absl::StatusOr<absl::Time> RecordWriter::Update(const CallContext& call, const RuleTable& rules,
                                                const ChangedRecord& record) {
  return Change(call, rules, record, "update");
}

absl::StatusOr<absl::Time> RecordWriter::Restore(const CallContext& call, const RuleTable& rules,
                                                 const ChangedRecord& record) {
  return Change(call, rules, record, "restore");
}

absl::StatusOr<absl::Time> RecordWriter::Change(const CallContext& call, const RuleTable& rules,
                                                const ChangedRecord& record,
                                                std::string_view verb) {
  const absl::Time now = clock_.Now();
  absl::Status done = TryChange(call, rules, record, verb, now, Claiming::kAtOnce);
  if (IsInTheWay(done)) {
    done = TryChange(call, rules, record, verb, now, Claiming::kWaiting);
  }
  RETURN_IF_ERROR(done);
  return now;
}

absl::Status RecordWriter::TryChange(const CallContext& call, const RuleTable& rules,
                                     const ChangedRecord& record, std::string_view verb,
                                     absl::Time now, Claiming claiming) {
  StoredRecord stored;
  stored.id = record.id;
  stored.version = record.version;
  stored.schema_version = rules.schema_version();
  stored.data = record.values.data;
  stored.sealed = record.sealed;
  stored.updated = now;
  stored.subject = record.new_subject;
  return database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    if (!record.new_subject.empty()) erased_subjects::RequireNot(tx, call, {record.new_subject});
    collections_.WriteUnder(tx, call, rules.collection_id(), rules.schema_version());
    // First, so that a stale etag fails before anything is taken.
    if (verb == "restore") {
      records_.Restore(tx, call, stored, record.changed);
    } else {
      records_.Update(tx, call, stored, record.changed);
      if (!record.new_subject.empty()) {
        files_of_records_.GiveSubject(tx, call, record.id, record.new_subject);
      }
      values_.RemoveFields(tx, call, record.id, record.named);
      values_.RemovePairs(tx, call, record.id, PairsOf(rules, record));
      files_.RemoveFields(tx, call, record.id, FileFieldsOf(rules, record.named));
    }
    RETURN_IF_ERROR(
        ClaimValues(tx, call, rules, record.id, record.customer, record.values, claiming));
    InsertIndex(tx, call, record.id, record.customer, record.values, record.blind);
    return AppendEvents(outbox_, tx, call, clock_,
                        {verb, record.id, rules.collection_id(), rules.collection().key,
                         record.customer, record.version + 1, &record.values});
  });
}

absl::Status RecordWriter::Delete(const CallContext& call, RecordId id,
                                  std::optional<uint64_t> version) {
  const absl::Time now = clock_.Now();
  absl::Status done = database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    // The event needs the version that the deletion makes.
    ASSIGN_OR_RETURN(const RemovedRecord removed,
                     records_.Delete(tx, call, id, version, now).Await());
    values_.RemoveRecord(tx, call, id);
    files_.RemoveRecord(tx, call, id);
    return AppendEvents(outbox_, tx, call, clock_,
                        {"delete", id, removed.collection, removed.collection_key, removed.customer,
                         removed.version, nullptr});
  });
  if (ReasonOf(done) == reason::kNotFound) return NotFound("record");
  return done;
}

absl::Status RecordWriter::Purge(const CallContext& call, RecordId id,
                                 std::optional<uint64_t> version) {
  absl::Status done = database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const RemovedRecord removed, records_.Purge(tx, call, id, version).Await());
    values_.RemoveRecord(tx, call, id);
    files_.RemoveRecord(tx, call, id);
    RETURN_IF_ERROR(DeleteFiles(tx, call, id));
    return AppendEvents(outbox_, tx, call, clock_,
                        {"purge", id, removed.collection, removed.collection_key, removed.customer,
                         removed.version, nullptr});
  });
  if (ReasonOf(done) == reason::kNotFound) return NotFound("record");
  return done;
}

absl::Status RecordWriter::DeleteFiles(Transaction& tx, const CallContext& call, RecordId record) {
  ASSIGN_OR_RETURN(const std::vector<FileStore::Held> held,
                   files_of_records_.HoldOfRecord(tx, call, record).Await());
  if (held.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<StoredFile> gone,
                   files_of_records_.DeleteUnnamed(tx, call, held, clock_.Now()).Await());
  std::vector<outbox::v1::AuditEvent> audits;
  for (const StoredFile& file : gone) {
    audits.push_back(outbox::Succeeded(call, clock_, "file.delete", FileTarget(file.id)));
  }
  if (!audits.empty()) RETURN_IF_ERROR(outbox_.AppendAudits(tx, call, audits));
  const std::vector<outbox::v1::ChangeEvent> changes = FilesDeleted(call, clock_, held, gone);
  return changes.empty() ? absl::OkStatus() : outbox_.AppendChanges(tx, call, changes);
}

absl::Status RecordWriter::ClaimValues(Transaction& tx, const CallContext& call,
                                       const RuleTable& rules, RecordId record,
                                       std::optional<CustomerId> customer,
                                       const ValidValues& values, Claiming claiming) {
  std::vector<UniqueValue> wanted;
  for (const UniqueEntry& entry : values.unique) {
    wanted.push_back({record, entry.field, entry.value});
  }
  std::sort(wanted.begin(), wanted.end(), [](const UniqueValue& a, const UniqueValue& b) {
    return std::tie(a.field, a.value) < std::tie(b.field, b.value);
  });
  const std::vector<FileReference> files = FilesOf(record, values);
  std::vector<Violation> violations;
  if (claiming == Claiming::kAtOnce) {
    values_.ClaimAll(tx, call, customer, wanted);
  } else if (!wanted.empty()) {
    ASSIGN_OR_RETURN(const postgres::Result won, values_.Claim(tx, call, customer, wanted).Await());
    absl::flat_hash_set<FieldId> fields;
    for (const postgres::Row& row : won) fields.insert(row.Get<FieldId>(1));
    for (const UniqueEntry& entry : values.unique) {
      const FieldRule* rule = rules.Find(entry.field);
      if (!fields.contains(entry.field)) violations.push_back(TakenValue(rule->definition.key));
    }
  }
  if (claiming == Claiming::kWaiting && !files.empty()) {
    ASSIGN_OR_RETURN(const auto nameable, files_.Nameable(tx, call, customer, files).Await());
    for (const FileEntry& entry : values.files) {
      if (!nameable.contains(entry.file)) violations.push_back(MissingFile(entry.key));
    }
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  files_.NameAll(tx, call, customer, files);
  return absl::OkStatus();
}

void RecordWriter::InsertIndex(Transaction& tx, const CallContext& call, RecordId record,
                               std::optional<CustomerId> customer, const ValidValues& values,
                               const std::vector<BlindEntry>& blind) {
  std::vector<IndexedValue> rows;
  for (const IndexEntry& entry : values.index) rows.push_back({record, entry, ""});
  for (const BlindEntry& entry : blind) {
    rows.push_back({record, {entry.field, IndexKey()}, entry.index});
  }
  values_.InsertIndex(tx, call, customer, rows);
  std::vector<PairedValue> pairs;
  for (const PairEntry& entry : values.pairs) pairs.push_back({record, customer, entry});
  values_.InsertPairs(tx, call, pairs);
}

absl::StatusOr<Created> RecordWriter::Replay(const CallContext& call, const RequestKey& request) {
  ASSIGN_OR_RETURN(const std::optional<std::string> outcome,
                   database_.WithTenant(
                       call, [&](Transaction& tx) { return requests_.Find(tx, call, request); }));
  // Seen a moment ago and gone: another customer's, or a day old.
  if (!outcome) {
    return Error(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                 "this request_id was used for something else");
  }
  ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(*outcome));
  return Created{RecordId(id), absl::InfinitePast(), /*replayed=*/true};
}

}  // namespace kasbah::tenantdata
