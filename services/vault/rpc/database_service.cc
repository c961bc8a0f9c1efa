#include "services/vault/rpc/database_service.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/rpc/lease_conversion.h"
#include "services/vault/rpc/secret_user.h"
#include "services/vault/store/database_store.h"
#include "services/vault/store/lease_store.h"
#include "services/vault/store/secret_store.h"
#include "services/vault/upkeep/lease_issuer.h"
#include "services/vault/upkeep/target_logins.h"

namespace kasbah::vault {
namespace {

constexpr int kListed = 1000;

outbox::Target TargetOf(const TargetDatabase& database) {
  return {"database", database.id.ToString(), database.name};
}

// Whoever names a secret to be used at a host of their choosing learns it: they must be able to
// read it anyway.
absl::Status CheckMayName(postgres::Transaction& tx, const rpc::Call& call,
                          const std::string& secret) {
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(secret));
  if (!call.Has(policy::v1::PERMISSION_SECRET_ACCESS)) {
    return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
                 "naming the admin secret takes the permission to access secrets");
  }
  ASSIGN_OR_RETURN(const SealedVersion found,
                   SecretStore::GetVersion(tx, call.tenant, ref, 0, UserOf(call)).Await());
  return CheckGranted(found.access, GrantLevel::kRead);
}

}  // namespace

DatabaseService::DatabaseService(rpc::Pipeline& pipeline, postgres::Database& database,
                                 outbox::Outbox& outbox, const RootKeys& root, TargetAccess& access,
                                 const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      root_(root),
      access_(access),
      clock_(clock) {}

absl::Status DatabaseService::Admit(const rpc::Call& call) const {
  RETURN_IF_ERROR(root_.Ready());
  return rpc::RequireTenantWide(call);
}

absl::StatusOr<v1::Database> DatabaseService::Set(const rpc::Call& call,
                                                  const v1::SetDatabaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  TargetDatabase asked = FromProto(request.settings());
  asked.name = request.name();
  asked.id = DatabaseId::New(clock_.Now());
  ASSIGN_OR_RETURN(
      const TargetDatabase saved,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<TargetDatabase> {
        RETURN_IF_ERROR(CheckMayName(tx, call, asked.admin_secret));
        ASSIGN_OR_RETURN(TargetDatabase put, DatabaseStore::Put(tx, call.tenant, asked).Await());
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, "database.set", TargetOf(put),
                              {{"host", put.host}, {"admin_secret", put.admin_secret}})));
        return put;
      }));
  return ToProto(saved);
}

absl::StatusOr<v1::Database> DatabaseService::Get(const rpc::Call& call,
                                                  const v1::GetDatabaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<v1::Database> {
    ASSIGN_OR_RETURN(const TargetDatabase found,
                     DatabaseStore::Get(tx, call.tenant, request.database()).Await());
    ASSIGN_OR_RETURN(const std::vector<DatabaseRole> roles,
                     DatabaseStore::Roles(tx, call.tenant, found.id).Await());
    v1::Database reply = ToProto(found);
    for (const DatabaseRole& role : roles) *reply.add_roles() = ToProto(role);
    return reply;
  });
}

absl::StatusOr<v1::ListDatabasesResponse> DatabaseService::List(const rpc::Call& call,
                                                                const v1::ListDatabasesRequest&) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const std::vector<TargetDatabase> all,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return DatabaseStore::List(tx, call.tenant, kListed);
                   }));
  v1::ListDatabasesResponse reply;
  for (const TargetDatabase& one : all) *reply.add_databases() = ToProto(one);
  return reply;
}

absl::StatusOr<v1::DeleteDatabaseResponse> DatabaseService::Delete(
    const rpc::Call& call, const v1::DeleteDatabaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  v1::DeleteDatabaseResponse reply;
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const TargetDatabase held,
                     DatabaseStore::GetForUpdate(tx, call.tenant, request.database()).Await());
    ASSIGN_OR_RETURN(const int64_t left,
                     LeaseStore::CountUnended(tx, call.tenant, held.id).Await());
    if (left > 0 && !request.forget_leases()) {
      return Error(absl::StatusCode::kFailedPrecondition, "LEASES_LEFT",
                   "the database has leases that have not ended; revoke them first");
    }
    DatabaseStore::Delete(tx, call.tenant, held.id);
    reply.set_forgotten_leases(static_cast<uint32_t>(left));
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "database.delete", TargetOf(held),
                                                 {{"forgotten_leases", std::to_string(left)}}));
  }));
  return reply;
}

absl::StatusOr<v1::CheckDatabaseResponse> DatabaseService::Check(
    const rpc::Call& call, const v1::CheckDatabaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  struct Read {
    TargetDatabase target;
    std::vector<DatabaseRole> roles;
  };
  ASSIGN_OR_RETURN(
      const Read read,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Read> {
        Read found;
        ASSIGN_OR_RETURN(found.target,
                         DatabaseStore::Get(tx, call.tenant, request.database()).Await());
        ASSIGN_OR_RETURN(found.roles,
                         DatabaseStore::Roles(tx, call.tenant, found.target.id).Await());
        return found;
      }));
  const absl::Time deadline = TargetDeadline(call);
  ASSIGN_OR_RETURN(const auto connection,
                   access_.Connect(call, KeySource::TenantState::kActive, read.target,
                                   {{"for", "check"}}, deadline));
  TargetLogins logins(*connection, deadline);
  ASSIGN_OR_RETURN(const TargetLogins::Server server, logins.Look());
  v1::CheckDatabaseResponse reply;
  reply.set_server_version(server.version);
  for (const std::string& problem : server.problems) reply.add_problems(problem);
  for (const DatabaseRole& role : read.roles) {
    const absl::Status groups = logins.CheckGroups(role.groups);
    if (groups.ok()) continue;
    if (absl::IsUnavailable(groups)) return groups;
    reply.add_problems(role.path + ": " + std::string(groups.message()));
  }
  return reply;
}

absl::StatusOr<v1::DatabaseRole> DatabaseService::SetRole(
    const rpc::Call& call, const v1::SetDatabaseRoleRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(
      const DatabaseRole saved,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<DatabaseRole> {
        // Within the tenant first: one that is suspended is told so, whatever it asks.
        auto finding = DatabaseStore::Get(tx, call.tenant, request.database());
        const absl::StatusOr<TargetDatabase> target = finding.Await();
        if (!target.ok() && !absl::IsNotFound(target.status())) return target.status();
        ASSIGN_OR_RETURN(DatabaseRole asked, FromProto(request.settings()));
        RETURN_IF_ERROR(target.status());
        asked.path = request.path();
        asked.database = target->id;
        ASSIGN_OR_RETURN(DatabaseRole put, DatabaseStore::PutRole(tx, call.tenant, asked).Await());
        RETURN_IF_ERROR(
            outbox_.AppendAudit(tx, call,
                                outbox::Succeeded(call, clock_, "database.role.set",
                                                  TargetOf(*target), {{"role", put.path}})));
        return put;
      }));
  return ToProto(saved);
}

absl::StatusOr<v1::DeleteDatabaseRoleResponse> DatabaseService::DeleteRole(
    const rpc::Call& call, const v1::DeleteDatabaseRoleRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const DatabaseRole role,
                     DatabaseStore::GetRole(tx, call.tenant, request.path()).Await());
    DatabaseStore::DeleteRole(tx, call.tenant, role.path);
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "database.role.delete",
                          {"database", role.database.ToString(), role.database_name},
                          {{"role", role.path}}));
  }));
  return v1::DeleteDatabaseRoleResponse();
}

}  // namespace kasbah::vault
