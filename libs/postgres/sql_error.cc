#include "libs/postgres/sql_error.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/log.h"

namespace kasbah::postgres::internal {
namespace {

std::string FieldOf(const PGresult* result, int field) {
  const char* value = PQresultErrorField(result, field);
  return value == nullptr ? "" : value;
}

bool IsReason(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    if (c != '_' && !absl::ascii_isupper(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      return false;
    }
  }
  return true;
}

// core.require's message is the reason that a migration or store of ours wrote.
absl::Status RequirementFailed(const std::string& raised) {
  if (!IsReason(raised)) return absl::InternalError("core.require raised no reason");
  if (raised == reason::kNotFound) {
    return Error(absl::StatusCode::kNotFound, raised, "not found");
  }
  if (raised == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, raised, "it exists already");
  }
  if (raised == reason::kEtagMismatch) {
    return Error(absl::StatusCode::kAborted, raised,
                 "it changed since it was read; read it again and repeat the change");
  }
  // The reason in words: "customer suspended".
  return Error(absl::StatusCode::kFailedPrecondition, raised,
               StrCat("the resource's state does not allow this: ",
                      absl::StrReplaceAll(absl::AsciiStrToLower(ToAbsl(raised)), {{"_", " "}})));
}

// core.require_room's message is the meter that a migration or store of ours named.
absl::Status NoRoom(const std::string& meter) {
  return Error(
      absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
      StrCat("the tenant has no room for more ", absl::StrReplaceAll(ToAbsl(meter), {{"_", " "}}),
             ": its quota is used up, until something goes or an operator raises it"));
}

absl::Status Unexpected(const PGresult* result, std::string_view statement,
                        const std::string& sqlstate) {
  telemetry::LogError("a statement failed",
                      {{"statement", statement},
                       {"sqlstate", sqlstate},
                       {"table", FieldOf(result, PG_DIAG_TABLE_NAME)},
                       {"constraint", FieldOf(result, PG_DIAG_CONSTRAINT_NAME)}});
  return absl::InternalError(ToAbsl(StrCat("statement ", statement, " failed: ", sqlstate)));
}

}  // namespace

absl::Status DatabaseUnavailable() {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, reason::kDatabaseUnavailable,
                              "the database cannot be reached; try again"),
                        absl::Seconds(1));
}

absl::Status CommitUnknown() {
  return Error(
      absl::StatusCode::kUnknown, reason::kCommitUnknown,
      "the connection was lost while the change was committed; repeat it only with the same "
      "request_id");
}

absl::Status DeadlineExceeded() {
  return Error(absl::StatusCode::kDeadlineExceeded, reason::kDeadlineExceeded,
               "the call's deadline passed");
}

SqlError ToSqlError(const PGresult* result, std::string_view statement) {
  SqlError error;
  error.sqlstate = FieldOf(result, PG_DIAG_SQLSTATE);
  const std::string& state = error.sqlstate;
  const std::string_view state_class = std::string_view(state).substr(0, 2);
  if (state.empty() || state_class == "08" || state == "57P01" || state == "57P02" ||
      state == "57P03" || state == "57P05" || state == "25P03") {
    error.remedy = Remedy::kReconnect;
    error.status = DatabaseUnavailable();
  } else if (state == "40001" || state == "40P01") {
    error.remedy = Remedy::kRunAgain;
    error.status = WithRetryDelay(Error(absl::StatusCode::kAborted, "CONTENTION",
                                        "others change the same at this moment; try again"),
                                  absl::Milliseconds(100));
  } else if (state == "0A000" || state == "26000") {
    error.remedy = Remedy::kPrepareAgain;
    error.status = absl::InternalError(ToAbsl(StrCat("the plan of ", statement, " is stale")));
  } else if (state == "KB001") {
    error.status = NotFound("tenant");
  } else if (state == "KB002") {
    error.status = Error(absl::StatusCode::kPermissionDenied, reason::kTenantSuspended,
                         "the tenant is suspended");
  } else if (state == "KB005") {
    error.status =
        Error(absl::StatusCode::kPermissionDenied, reason::kTenantClosed, "the tenant is closed");
  } else if (state == "KB006") {
    error.status = WithRetryDelay(Error(absl::StatusCode::kUnavailable, kTenantMoved,
                                        "the tenant's records are moving; try again"),
                                  absl::Milliseconds(200));
  } else if (state == "25006") {
    // core.enter let it only read.
    error.status = WithRetryDelay(Error(absl::StatusCode::kUnavailable, kTenantMoving,
                                        "the tenant's records are moving; try again"),
                                  absl::Seconds(1));
  } else if (state == "KB004") {
    error.status = RequirementFailed(FieldOf(result, PG_DIAG_MESSAGE_PRIMARY));
  } else if (state == "KB007") {
    error.status = NoRoom(FieldOf(result, PG_DIAG_MESSAGE_PRIMARY));
  } else if (state == "23505") {
    error.status =
        Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists, "it exists already");
  } else if (state == "23503") {
    error.status = Error(absl::StatusCode::kFailedPrecondition, "REFERENCE_MISSING",
                         "something that it refers to does not exist, or is still referred to");
  } else if (state == "22021" || state == "22P05") {
    // A zero character: valid in UTF-8 and so in a request, and not in PostgreSQL's text.
    error.status = Error(absl::StatusCode::kInvalidArgument, "INVALID_TEXT",
                         "a text holds a character that cannot be stored, such as U+0000");
  } else if (state == "55P03") {
    error.status = WithRetryDelay(Error(absl::StatusCode::kAborted, "CONTENTION",
                                        "others hold what this waits for; try again"),
                                  absl::Milliseconds(100));
  } else if (state == "53300") {
    error.status = DatabaseUnavailable();
  } else if (state_class == "53") {
    // Out of disk or memory: the operator's to see, and no fault of the call.
    telemetry::LogError("PostgreSQL is out of a resource", {{"sqlstate", state}});
    error.status = DatabaseUnavailable();
  } else if (state == "57014") {
    error.status = DeadlineExceeded();
  } else {
    error.status = Unexpected(result, statement, state);
  }
  return error;
}

}  // namespace kasbah::postgres::internal
