#include "services/audit/rpc/redaction_service.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/rpc/period.h"
#include "services/audit/store/archive_store.h"
#include "services/audit/store/hold_store.h"
#include "services/audit/store/redaction_store.h"

namespace kasbah::audit {
namespace {

constexpr int kMostEvents = 1000;

absl::StatusOr<Redaction> RedactionOf(const v1::RedactEventsRequest& request) {
  if ((request.sequences_size() == 0) == request.subject_id().empty()) {
    return InvalidField("sequences", "one of sequences and subject_id must be set");
  }
  Redaction redaction;
  ASSIGN_OR_RETURN(const Period period, PeriodOf(request));
  redaction.start = period.start;
  redaction.end = period.end;
  redaction.subject_id = request.subject_id();
  if (request.sequences_size() > 0) {
    std::vector<uint64_t> sequences(request.sequences().begin(), request.sequences().end());
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    if (sequences.back() > INT64_MAX) return InvalidField("sequences", "no log is so long");
    if (request.has_start_time() || request.has_end_time()) {
      return InvalidField("start_time", "narrows a subject's events alone");
    }
    redaction.sequences = std::move(sequences);
  }
  for (const int field : request.fields()) {
    if (!v1::PersonalField_IsValid(field) || field == v1::PERSONAL_FIELD_UNSPECIFIED) {
      return InvalidField("fields", "must be personal fields");
    }
    redaction.fields |= 1 << (field - 1);
  }
  if (redaction.fields == 0) redaction.fields = kAllPersonalFields;
  return redaction;
}

}  // namespace

RedactionService::RedactionService(rpc::Pipeline& pipeline, postgres::Database& database,
                                   outbox::Outbox& outbox, const Clock& clock)
    : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

absl::StatusOr<v1::RedactEventsResponse> RedactionService::Redact(
    const rpc::Call& call, const v1::RedactEventsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  // Refused as suspended before anything that the request says is looked at.
  RETURN_IF_ERROR(
      database_.WithTenant(call, [](postgres::Transaction&) { return absl::OkStatus(); }));
  ASSIGN_OR_RETURN(const Redaction redaction, RedactionOf(request));
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return RedactIn(tx, call, redaction, request.reason());
  });
}

absl::StatusOr<v1::RedactEventsResponse> RedactionService::RedactIn(postgres::Transaction& tx,
                                                                    const rpc::Call& call,
                                                                    const Redaction& redaction,
                                                                    const std::string& reason) {
  // One more than goes tells whether there are others.
  auto chosen = redaction_store::Choose(tx, call.tenant, redaction, kMostEvents + 1);
  auto bundles = archive_store::List(tx, call.tenant, 0, 1);
  ASSIGN_OR_RETURN(std::vector<uint64_t> sequences, chosen.Await());
  ASSIGN_OR_RETURN(const std::vector<Archive> archives, bundles.Await());
  v1::RedactEventsResponse reply;
  reply.set_more(sequences.size() > kMostEvents);
  if (reply.more()) sequences.resize(kMostEvents);
  ASSIGN_OR_RETURN(const std::optional<uint64_t> held,
                   hold_store::FindHeld(tx, call.tenant, sequences).Await());
  if (held) {
    return Error(absl::StatusCode::kFailedPrecondition, "EVENT_HELD",
                 StrCat("a legal hold matches event ", *held, ": nothing was redacted"));
  }
  redaction_store::Destroy(tx, call.tenant, sequences, redaction.fields);
  // Whether or not there are bundles: one may be on its way.
  redaction_store::AddPending(tx, call.tenant, redaction, clock_.Now());
  RETURN_IF_ERROR(outbox_.AppendAudit(
      tx, call,
      outbox::Succeeded(call, clock_, "audit.redact", {"audit_log", "", ""},
                        {{"sequences", SequenceText(redaction.sequences.value_or(sequences))},
                         {"fields", FieldNames(redaction.fields)},
                         {"reason", reason}})));
  reply.mutable_sequences()->Add(sequences.begin(), sequences.end());
  reply.set_archives_pending(!archives.empty());
  return reply;
}

}  // namespace kasbah::audit
