#include "services/tenant_data/store/record_batch_writer.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/store/erased_subjects.h"
#include "services/tenant_data/store/record_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// Rolls back a batch of which nothing is left.
constexpr std::string_view kNothingAccepted = "NOTHING_ACCEPTED";

// What the batch wants, by field and value so that two batches wait for each other in one order,
// and by item so that the first of equal values wins.
std::vector<Claim> ClaimsOf(const std::vector<NewRecord>& records) {
  std::vector<Claim> claims;
  for (size_t item = 0; item < records.size(); ++item) {
    for (const UniqueEntry& entry : records[item].values.unique) {
      claims.push_back({item, entry.field, entry.value, false});
    }
  }
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::tie(a.field, a.value, a.item) < std::tie(b.field, b.value, b.item);
  });
  return claims;
}

std::vector<UniqueValue> ToValues(const std::vector<NewRecord>& records,
                                  const std::vector<Claim>& claims) {
  std::vector<UniqueValue> values;
  for (const Claim& claim : claims) {
    values.push_back({records[claim.item].id, claim.field, claim.value});
  }
  return values;
}

std::vector<size_t> AcceptedOf(const ClaimOutcome& outcome) {
  std::vector<size_t> accepted;
  for (size_t item = 0; item < outcome.taken.size(); ++item) {
    if (outcome.taken[item].empty()) accepted.push_back(item);
  }
  return accepted;
}

}  // namespace

absl::StatusOr<BatchCreated> RecordBatchWriter::Create(const CallContext& call,
                                                       const RuleTable& rules,
                                                       std::optional<CustomerId> owner,
                                                       const std::vector<NewRecord>& records,
                                                       const std::optional<RequestKey>& request,
                                                       const MakeOutcome& make_outcome) {
  if (records.empty()) return BatchCreated{};
  const absl::Time now = clock_.Now();
  ClaimOutcome outcome;
  const absl::Status done = database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    if (request) requests_.Claim(tx, call, *request, "", now);
    ASSIGN_OR_RETURN(outcome, CreateIn(tx, call, rules, owner, records, now));
    if (AcceptedOf(outcome).empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, kNothingAccepted, "no item is left");
    }
    if (request) requests_.Finish(tx, call, *request, make_outcome(outcome.taken));
    return absl::OkStatus();
  });
  if (ReasonOf(done) == kRequestSeen) {
    ASSIGN_OR_RETURN(const std::optional<std::string> seen,
                     database_.WithTenant(call, [&](Transaction& tx) {
                       return requests_.Find(tx, call, *request);
                     }));
    if (seen) return BatchCreated{{}, *seen};
    return Error(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                 "this request_id was used for something else");
  }
  if (ReasonOf(done) != kNothingAccepted) RETURN_IF_ERROR(done);
  return BatchCreated{std::move(outcome.taken), std::nullopt};
}

absl::StatusOr<BatchCreated> RecordBatchWriter::CreateWith(const CallContext& call,
                                                           const RuleTable& rules,
                                                           std::optional<CustomerId> owner,
                                                           const std::vector<NewRecord>& records,
                                                           const Also& also) {
  const absl::Time now = clock_.Now();
  ClaimOutcome outcome;
  RETURN_IF_ERROR(database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(outcome, CreateIn(tx, call, rules, owner, records, now));
    return also(tx, outcome.taken);
  }));
  return BatchCreated{std::move(outcome.taken), std::nullopt};
}

absl::StatusOr<std::set<std::string>> RecordBatchWriter::FindErased(
    const CallContext& call, const std::vector<NewRecord>& records) {
  std::set<std::string> subjects;
  for (const NewRecord& record : records) {
    if (!record.subject.empty()) subjects.insert(record.subject);
  }
  if (subjects.empty()) return subjects;
  return database_.WithTenant(
      call, [&](Transaction& tx) { return erased_subjects::Find(tx, call, subjects); });
}

absl::StatusOr<ClaimOutcome> RecordBatchWriter::CreateIn(Transaction& tx, const CallContext& call,
                                                         const RuleTable& rules,
                                                         std::optional<CustomerId> owner,
                                                         const std::vector<NewRecord>& records,
                                                         absl::Time now) {
  if (owner) customers_.RequireActive(tx, call, *owner);
  collections_.WriteUnder(tx, call, rules.collection_id(), rules.schema_version());
  ASSIGN_OR_RETURN(ClaimOutcome outcome, ClaimValues(tx, call, owner, records));
  values_.Release(tx, call, ToValues(records, outcome.release));
  values_.ClaimAll(tx, call, owner, ToValues(records, outcome.reclaim));
  const std::vector<size_t> accepted = AcceptedOf(outcome);
  if (!accepted.empty()) {
    RETURN_IF_ERROR(Store(tx, call, rules, owner, records, accepted, now));
  }
  return outcome;
}

absl::StatusOr<ClaimOutcome> RecordBatchWriter::ClaimValues(Transaction& tx,
                                                            const CallContext& call,
                                                            std::optional<CustomerId> owner,
                                                            const std::vector<NewRecord>& records) {
  std::vector<Claim> claims = ClaimsOf(records);
  if (!claims.empty()) {
    ASSIGN_OR_RETURN(const postgres::Result rows,
                     values_.Claim(tx, call, owner, ToValues(records, claims)).Await());
    absl::flat_hash_set<std::pair<RecordId, FieldId>> won;
    for (const postgres::Row& row : rows) {
      won.emplace(row.Get<RecordId>(0), row.Get<FieldId>(1));
    }
    for (Claim& claim : claims) claim.won = won.contains({records[claim.item].id, claim.field});
  }
  return ResolveClaims(records.size(), claims);
}

absl::Status RecordBatchWriter::Store(Transaction& tx, const CallContext& call,
                                      const RuleTable& rules, std::optional<CustomerId> owner,
                                      const std::vector<NewRecord>& records,
                                      const std::vector<size_t>& accepted, absl::Time now) {
  std::vector<StoredRecord> stored;
  std::vector<IndexedValue> index;
  std::vector<PairedValue> pairs;
  std::vector<FileReference> files;
  std::vector<outbox::v1::AuditEvent> audits;
  std::vector<outbox::v1::ChangeEvent> changes;
  std::set<std::string> subjects;
  for (const size_t item : accepted) {
    const NewRecord& record = records[item];
    subjects.insert(record.subject);
    stored.push_back({record.id, rules.collection_id(), owner, rules.schema_version(), 1,
                      record.values.data, record.sealed, now, now, record.subject});
    for (const IndexEntry& entry : record.values.index) index.push_back({record.id, entry, ""});
    for (const PairEntry& entry : record.values.pairs) pairs.push_back({record.id, owner, entry});
    for (const FileEntry& entry : record.values.files) {
      files.push_back({record.id, entry.field, entry.file});
    }
    for (const BlindEntry& entry : record.blind) {
      index.push_back({record.id, {entry.field, IndexKey()}, entry.index});
    }
    const RecordChanged changed{"create", record.id, rules.collection_id(), rules.collection().key,
                                owner,    1,         &record.values};
    audits.push_back(AuditOf(call, clock_, changed));
    changes.push_back(ChangeOf(call, clock_, changed));
  }
  erased_subjects::RequireNot(tx, call, subjects);
  records_.InsertMany(tx, call, stored);
  values_.InsertIndex(tx, call, owner, index);
  values_.InsertPairs(tx, call, pairs);
  files_.NameAll(tx, call, owner, files);
  RETURN_IF_ERROR(outbox_.AppendAudits(tx, call, audits));
  return outbox_.AppendChanges(tx, call, changes);
}

}  // namespace kasbah::tenantdata
