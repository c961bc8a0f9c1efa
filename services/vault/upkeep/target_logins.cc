#include "services/vault/upkeep/target_logins.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::vault {
namespace {

// What makes roles, or runs programs as the server, can stay when its login is gone. Through any
// number of memberships.
constexpr char kTooPowerful[] =
    "SELECT 1 FROM pg_roles g, pg_roles r"
    " WHERE g.rolname = $1 AND pg_has_role(g.oid, r.oid, 'MEMBER')"
    "   AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication"
    "     OR r.rolname IN ('pg_execute_server_program', 'pg_write_server_files')) LIMIT 1";

constexpr char kSessions[] =
    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
    " WHERE usename = $1 AND pid <> pg_backend_pid()";

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S+00", time, absl::UTCTimeZone());
}

bool IsTrue(const std::optional<std::string>& value) { return value == "t"; }

}  // namespace

absl::Status TargetLogins::CheckGroups(const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    ASSIGN_OR_RETURN(const Rows found, Query("SELECT 1 FROM pg_roles WHERE rolname = $1", {group}));
    if (found.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, postgres::reason::kTargetRoleMissing,
                   StrCat("the database has no role ", group));
    }
    ASSIGN_OR_RETURN(const Rows powerful, Query(kTooPowerful, {group}));
    if (!powerful.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "ROLE_TOO_POWERFUL",
                   StrCat("members of ", group,
                          " could make roles or run programs, and so outlive their lease"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetLogins::Server> TargetLogins::Look() {
  ASSIGN_OR_RETURN(const Rows rows, Query("SELECT current_setting('server_version'),"
                                          " current_setting('server_version_num')::int >= 140000,"
                                          " rolsuper OR rolcreaterole, rolsuper OR rolinherit"
                                          " FROM pg_roles WHERE rolname = current_user",
                                          {}));
  if (rows.size() != 1 || rows[0].size() != 4) {
    return Error(absl::StatusCode::kFailedPrecondition, postgres::reason::kTargetFailed,
                 "the database does not answer as PostgreSQL does");
  }
  Server server;
  for (const char c : rows[0][0].value_or("")) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.') {
      server.version.push_back(c);
    } else {
      break;
    }
  }
  if (!IsTrue(rows[0][1])) server.problems.push_back("PostgreSQL is older than 14");
  if (!IsTrue(rows[0][2])) server.problems.push_back("the admin user has no CREATEROLE");
  if (!IsTrue(rows[0][3])) server.problems.push_back("the admin user has NOINHERIT");
  return server;
}

absl::Status TargetLogins::Create(const std::string& login, const crypto::SecretBytes& password,
                                  const DatabaseRole& role, absl::Time until,
                                  const std::string& comment) {
  ASSIGN_OR_RETURN(const std::string name, connection_.QuoteName(login));
  std::string clear(password.view(crypto::SecretAccess::ForCaller()));
  const auto made = connection_.ScramVerifier(login, clear);
  crypto::Wipe(clear);
  RETURN_IF_ERROR(made.status());
  ASSIGN_OR_RETURN(const std::string verifier, connection_.QuoteText(*made));
  ASSIGN_OR_RETURN(const std::string about, connection_.QuoteText(comment));
  std::vector<std::string> groups;
  for (const std::string& group : role.groups) {
    ASSIGN_OR_RETURN(groups.emplace_back(), connection_.QuoteName(group));
  }
  return connection_.Execute(
      StrCat("CREATE ROLE ", name, " LOGIN INHERIT CONNECTION LIMIT ", role.connection_limit,
             " PASSWORD ", verifier, " VALID UNTIL '", TimeText(until), "' IN ROLE ",
             absl::StrJoin(groups, ", "), "; COMMENT ON ROLE ", name, " IS ", about),
      deadline_);
}

absl::Status TargetLogins::Extend(const std::string& login, absl::Time until) {
  ASSIGN_OR_RETURN(const std::string name, connection_.QuoteName(login));
  return connection_.Execute(StrCat("ALTER ROLE ", name, " VALID UNTIL '", TimeText(until), "'"),
                             deadline_);
}

absl::StatusOr<std::optional<absl::Time>> TargetLogins::ValidUntil(const std::string& login) {
  ASSIGN_OR_RETURN(const Rows rows, Query("SELECT CASE WHEN isfinite(rolvaliduntil) AND rolcanlogin"
                                          " THEN extract(epoch FROM rolvaliduntil)::bigint END"
                                          " FROM pg_roles WHERE rolname = $1",
                                          {login}));
  if (rows.empty()) return std::optional<absl::Time>();
  int64_t seconds = 0;
  // Without an end, or one that was closed already: as if it had ended long ago.
  if (rows[0].empty() || !rows[0][0] || !absl::SimpleAtoi(*rows[0][0], &seconds)) {
    return std::optional(absl::InfinitePast());
  }
  return std::optional(absl::FromUnixSeconds(seconds));
}

absl::Status TargetLogins::Remove(const std::string& login) {
  ASSIGN_OR_RETURN(const std::optional<absl::Time> there, ValidUntil(login));
  if (!there) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string name, connection_.QuoteName(login));
  RETURN_IF_ERROR(connection_.Execute(StrCat("ALTER ROLE ", name, " NOLOGIN"), deadline_));
  // To terminate somebody's sessions and to take over what they own one must be one of them, or a
  // superuser. Goes with the role.
  ASSIGN_OR_RETURN(const Rows has, Query("SELECT pg_has_role(current_user, $1, 'USAGE')", {login}));
  if (has.empty() || has[0].empty() || !IsTrue(has[0][0])) {
    RETURN_IF_ERROR(connection_.Execute(StrCat("GRANT ", name, " TO CURRENT_USER"), deadline_));
  }
  // Again until there is none: one may have been logging in when the door was closed.
  while (true) {
    ASSIGN_OR_RETURN(const Rows sessions, Query(kSessions, {login}));
    if (sessions.empty()) break;
    if (absl::Now() >= deadline_) {
      return Error(absl::StatusCode::kUnavailable, postgres::reason::kTargetTimeout,
                   "the login's sessions do not end");
    }
  }
  return connection_.Execute(StrCat("REASSIGN OWNED BY ", name, " TO CURRENT_USER; DROP OWNED BY ",
                                    name, "; DROP ROLE ", name),
                             deadline_);
}

}  // namespace kasbah::vault
