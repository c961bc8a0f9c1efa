#include "services/auth/store/revocation_store.h"

#include <array>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kAppend{"revocations.append", R"sql(
INSERT INTO auth.revocations (tenant_id, kind, subject, not_before) VALUES ($1, $2, $3, $4))sql",
                            Access::kWrite};

constexpr Statement kRecent{"revocations.recent", R"sql(
SELECT revocation_id, kind, subject, not_before
FROM auth.revocations WHERE created_at > now() - make_interval(secs => $1))sql"};

constexpr Statement kSuspended{"revocations.suspended_tenants", R"sql(
SELECT tenant_id, state_version FROM core.tenants
WHERE state <> 'active' AND (closed_at IS NULL OR closed_at > now() - interval '1 hour'))sql"};

constexpr Statement kPrune{"revocations.prune", R"sql(
DELETE FROM auth.revocations WHERE created_at < now() - make_interval(secs => $1))sql",
                           Access::kWrite};

constexpr std::array<std::pair<Revocation::Kind, std::string_view>, 3> kKinds = {{
    {Revocation::Kind::kSession, "session"},
    {Revocation::Kind::kCredential, "credential"},
    {Revocation::Kind::kActor, "actor"},
}};

std::string_view NameOf(Revocation::Kind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  // A tenant's state is core.tenants' to say.
  Crash("a kind of revocation that is not stored", __FILE__, __LINE__);
}

Revocation::Kind ParseKind(std::string_view text) {
  for (const auto& [kind, name] : kKinds) {
    if (name == text) return kind;
  }
  Crash("a kind of revocation that the table does not allow", __FILE__, __LINE__);
}

}  // namespace

Pending<Result> AppendRevocation(Transaction& tx, TenantId tenant, const Revocation& revocation) {
  return tx.Run(kAppend, tenant, NameOf(revocation.kind), revocation.subject,
                revocation.not_before);
}

absl::StatusOr<RevocationStore::State> RevocationStore::Read(absl::Duration window,
                                                             absl::Time deadline) {
  return door_.Run(deadline, [&](Transaction& tx) {
    Pending<Result> recent = tx.Run(kRecent, absl::ToDoubleSeconds(window));
    Pending<Result> suspended = tx.Run(kSuspended);
    return tx.AfterCommit([recent, suspended]() -> absl::StatusOr<State> {
      State state;
      ASSIGN_OR_RETURN(const Result revoked, recent.Take());
      for (const Row row : revoked) {
        state.revocations.push_back({row.Get<Uuid>(0),
                                     {ParseKind(row.Get<std::string>(1)), row.Get<std::string>(2),
                                      row.Get<absl::Time>(3)}});
      }
      ASSIGN_OR_RETURN(const Result tenants, suspended.Take());
      for (const Row row : tenants) {
        state.suspended.push_back({row.Get<TenantId>(0), row.Get<int64_t>(1)});
      }
      return state;
    });
  });
}

absl::Status RevocationStore::Prune(absl::Duration age, absl::Time deadline) {
  return door_
      .Run(deadline, [&](Transaction& tx) { return tx.Run(kPrune, absl::ToDoubleSeconds(age)); })
      .status();
}

}  // namespace kasbah::auth
