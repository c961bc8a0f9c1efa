#include "services/audit/store/redaction_store.h"

namespace kasbah::audit::redaction_store {
namespace {

using postgres::Access;
using postgres::Statement;

// $2 the fields' bits. Two statements: each with the index that finds its events.
#define AUDIT_HAS_COVERED                              \
  " AND (($2 & 1 <> 0 AND source_address IS NOT NULL)" \
  " OR ($2 & 2 <> 0 AND user_agent IS NOT NULL)"       \
  " OR ($2 & 4 <> 0 AND actor_display IS NOT NULL))"   \
  " ORDER BY seq LIMIT $3"

constexpr Statement kChooseListed = {
    "redaction.choose_listed",
    "SELECT seq FROM audit.event WHERE tenant_id = $1 AND seq = ANY ($4)" AUDIT_HAS_COVERED};

constexpr Statement kChooseOfSubject = {
    "redaction.choose_of_subject",
    "SELECT seq FROM audit.event WHERE tenant_id = $1 AND (actor_id = $4 OR actor_display = $4) "
    "AND recorded_at >= $5 AND recorded_at < $6" AUDIT_HAS_COVERED};

constexpr Statement kDestroy = {"redaction.destroy", R"sql(
  UPDATE audit.event SET
    source_address = CASE WHEN $2 & 1 = 0 THEN source_address END,
    source_address_salt = CASE WHEN $2 & 1 = 0 THEN source_address_salt END,
    user_agent = CASE WHEN $2 & 2 = 0 THEN user_agent END,
    user_agent_salt = CASE WHEN $2 & 2 = 0 THEN user_agent_salt END,
    actor_display = CASE WHEN $2 & 4 = 0 THEN actor_display END,
    actor_display_salt = CASE WHEN $2 & 4 = 0 THEN actor_display_salt END
  WHERE tenant_id = $1 AND seq = ANY ($3))sql",
                                Access::kWrite};

constexpr Statement kAddPending = {"redaction.add_pending", R"sql(
  INSERT INTO audit.redaction (tenant_id, redaction_id, sequences, subject_id, start_time, end_time,
                               fields, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql",
                                   Access::kWrite};

constexpr Statement kAddOfTenant = {"redaction.add_of_tenant", R"sql(
  INSERT INTO audit.redaction (tenant_id, redaction_id, subject_id, fields, created_at)
  SELECT $1, $2, '', $3, $4 WHERE NOT EXISTS (
    SELECT FROM audit.redaction WHERE tenant_id = $1 AND subject_id = ''))sql",
                                    Access::kWrite};

constexpr Statement kListPending = {"redaction.list_pending", R"sql(
  SELECT tenant_id, redaction_id, sequences, subject_id, start_time, end_time, fields
  FROM audit.redaction ORDER BY created_at LIMIT $1)sql"};

constexpr Statement kRemovePending = {"redaction.remove_pending", R"sql(
  DELETE FROM audit.redaction WHERE tenant_id = $1 AND redaction_id = $2)sql",
                                      Access::kWrite};

PendingRedaction PendingOf(const postgres::Row& row) {
  PendingRedaction pending{row.Get<TenantId>(0), row.Get<Uuid>(1), {}};
  pending.redaction.sequences = row.Get<std::optional<std::vector<uint64_t>>>(2);
  pending.redaction.subject_id = row.Get<std::optional<std::string>>(3).value_or("");
  pending.redaction.start = row.Get<absl::Time>(4);
  pending.redaction.end = row.Get<absl::Time>(5);
  pending.redaction.fields = row.Get<int>(6);
  return pending;
}

}  // namespace

postgres::Pending<std::vector<uint64_t>> Choose(postgres::Transaction& tx, TenantId tenant,
                                                const Redaction& redaction, int limit) {
  return (redaction.sequences
              ? tx.Run(kChooseListed, tenant, redaction.fields, limit, *redaction.sequences)
              : tx.Run(kChooseOfSubject, tenant, redaction.fields, limit, redaction.subject_id,
                       redaction.start, redaction.end))
      .Map([](const postgres::Result& result) {
        std::vector<uint64_t> sequences;
        for (const postgres::Row row : result) sequences.push_back(row.Get<uint64_t>(0));
        return sequences;
      });
}

void Destroy(postgres::Transaction& tx, TenantId tenant, const std::vector<uint64_t>& sequences,
             int fields) {
  tx.Run(kDestroy, tenant, fields, sequences);
}

void AddPending(postgres::Transaction& tx, TenantId tenant, const Redaction& redaction,
                absl::Time now) {
  const std::optional<std::string> subject =
      redaction.sequences ? std::nullopt : std::optional<std::string>(redaction.subject_id);
  tx.Run(kAddPending, tenant, Uuid::V7(now), redaction.sequences, subject, redaction.start,
         redaction.end, redaction.fields, now);
}

void AddOfTenant(postgres::Transaction& tx, TenantId tenant, absl::Time now) {
  tx.Run(kAddOfTenant, tenant, Uuid::V7(now), kAllPersonalFields, now);
}

postgres::Pending<std::vector<PendingRedaction>> ListPending(postgres::Transaction& tx, int limit) {
  return tx.Run(kListPending, limit).Map([](const postgres::Result& result) {
    std::vector<PendingRedaction> pending;
    for (const postgres::Row row : result) pending.push_back(PendingOf(row));
    return pending;
  });
}

void RemovePending(postgres::Transaction& tx, const PendingRedaction& done) {
  tx.Run(kRemovePending, done.tenant, done.id);
}

}  // namespace kasbah::audit::redaction_store
