#include "services/vault/rpc/lease_conversion.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace kasbah::vault {
namespace {

constexpr uint32_t kDefaultPort = 5432;
constexpr uint32_t kDefaultConnectionLimit = 10;

// Both enumerations name the same states in the same order.
static_assert(static_cast<int>(LeaseState::kCreating) + 1 == v1::Lease::STATE_CREATING);
static_assert(static_cast<int>(LeaseState::kEnded) + 1 == v1::Lease::STATE_ENDED);

}  // namespace

v1::Database ToProto(const TargetDatabase& database) {
  v1::Database reply;
  reply.set_database_id(database.id.ToString());
  reply.set_name(database.name);
  v1::DatabaseSettings& settings = *reply.mutable_settings();
  settings.set_host(database.host);
  settings.set_port(database.port);
  settings.set_dbname(database.dbname);
  settings.set_tls(database.verify_tls ? v1::DatabaseSettings::TLS_VERIFY_FULL
                                       : v1::DatabaseSettings::TLS_OFF);
  settings.set_ca(database.ca);
  settings.set_admin_user(database.admin_user);
  settings.set_admin_secret(database.admin_secret);
  *reply.mutable_create_time() = ToTimestamp(database.created_at);
  *reply.mutable_update_time() = ToTimestamp(database.updated_at);
  return reply;
}

v1::DatabaseRole ToProto(const DatabaseRole& role) {
  v1::DatabaseRole reply;
  reply.set_path(role.path);
  reply.set_database(role.database_name);
  v1::DatabaseRoleSettings& settings = *reply.mutable_settings();
  settings.mutable_groups()->Assign(role.groups.begin(), role.groups.end());
  *settings.mutable_default_ttl() = ToDuration(role.default_ttl);
  *settings.mutable_max_ttl() = ToDuration(role.max_ttl);
  settings.set_connection_limit(role.connection_limit);
  *reply.mutable_create_time() = ToTimestamp(role.created_at);
  *reply.mutable_update_time() = ToTimestamp(role.updated_at);
  return reply;
}

v1::Lease ToProto(const Lease& lease) {
  v1::Lease reply;
  reply.set_lease_id(lease.id.ToString());
  reply.set_role(lease.role_path);
  reply.set_database(lease.database_name);
  reply.set_username(lease.login);
  reply.set_state(static_cast<v1::Lease::State>(static_cast<int>(lease.state) + 1));
  *reply.mutable_create_time() = ToTimestamp(lease.created_at);
  *reply.mutable_expire_time() = ToTimestamp(lease.expires_at);
  *reply.mutable_max_expire_time() = ToTimestamp(lease.max_expires_at);
  if (lease.ended_at) *reply.mutable_end_time() = ToTimestamp(*lease.ended_at);
  reply.set_cause(lease.cause);
  reply.set_waiting_for(lease.waiting_for);
  reply.set_actor(lease.actor);
  return reply;
}

TargetDatabase FromProto(const v1::DatabaseSettings& settings) {
  TargetDatabase database;
  database.host = settings.host();
  database.port = settings.port() == 0 ? kDefaultPort : settings.port();
  database.dbname = settings.dbname();
  database.verify_tls = settings.tls() != v1::DatabaseSettings::TLS_OFF;
  database.ca = settings.ca();
  database.admin_user = settings.admin_user();
  database.admin_secret = settings.admin_secret();
  return database;
}

absl::StatusOr<DatabaseRole> FromProto(const v1::DatabaseRoleSettings& settings) {
  DatabaseRole role;
  role.groups = {settings.groups().begin(), settings.groups().end()};
  for (const std::string& group : role.groups) {
    // 63 bytes are what PostgreSQL keeps of a name: it would join another group.
    if (group.empty() || group.size() > 63) {
      return InvalidField("settings.groups", "must be names of 1 to 63 bytes");
    }
  }
  ASSIGN_OR_RETURN(role.default_ttl, FromDuration(settings.default_ttl(), "settings.default_ttl"));
  ASSIGN_OR_RETURN(role.max_ttl, FromDuration(settings.max_ttl(), "settings.max_ttl"));
  role.connection_limit =
      settings.connection_limit() == 0 ? kDefaultConnectionLimit : settings.connection_limit();
  RETURN_IF_ERROR(CheckRole(role));
  return role;
}

absl::StatusOr<absl::Duration> CheckedTtl(const google::protobuf::Duration& ttl) {
  ASSIGN_OR_RETURN(const absl::Duration duration, FromDuration(ttl, "ttl"));
  if (duration < kShortestTtl) return InvalidField("ttl", "must be a minute at least");
  return duration;
}

}  // namespace kasbah::vault
