#include "services/auth/rpc/subject_service.h"

#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/auth/domain/email.h"
#include "services/auth/domain/personal_columns.h"
#include "services/auth/rpc/authority.h"
#include "services/auth/store/revocation_store.h"

namespace kasbah::auth {
namespace {

using postgres::AnyStateToken;
using postgres::Pending;
using postgres::Transaction;

// An address never reaches the trail, not even of somebody whom nobody knows.
outbox::Target TargetOf(const std::optional<UserId>& user) {
  return {"subject", user ? user->ToString() : "unknown", ""};
}

void Add(std::string_view column, std::string row, std::string value,
         subject::v1::ExportSubjectResponse* response) {
  subject::v1::PersonalValue& added = *response->add_values();
  added.set_column(std::string(column));
  added.set_row_id(std::move(row));
  added.set_value(std::move(value));
}

struct Held {
  std::vector<Membership> memberships;
  std::vector<ApiKey> keys;
};

struct Erased {
  uint64_t memberships = 0;
  uint64_t keys = 0;
};

}  // namespace

absl::StatusOr<std::optional<UserId>> SubjectService::UserOf(const rpc::Call& call,
                                                             const std::string& id) {
  if (const absl::StatusOr<UserId> user = UserId::Parse(id); user.ok()) return *user;
  const absl::StatusOr<std::string> email = NormaliseEmail(id);
  if (!email.ok()) return std::nullopt;
  return users_.Find(*email, call.deadline);
}

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<UserId> user, UserOf(call, request.subject().id()));
  const UserId id = user.value_or(UserId());
  ASSIGN_OR_RETURN(
      const Held held,
      database_.WithTenantInAnyState(
          call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::StatusOr<Pending<Held>> {
            auto memberships = members_.Find(tx, call.tenant, id);
            auto keys = keys_.ListCreatedBy(tx, call.tenant, id.ToString());
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call, outbox::Succeeded(call, clock_, "subject.export", TargetOf(user))));
            return tx.AfterCommit([memberships, keys]() -> absl::StatusOr<Held> {
              Held found;
              ASSIGN_OR_RETURN(found.memberships, memberships.Take());
              ASSIGN_OR_RETURN(found.keys, keys.Take());
              return found;
            });
          }));

  subject::v1::ExportSubjectResponse response;
  for (const Membership& member : held.memberships) {
    // The address is shown to tenants that the person belongs to.
    ASSIGN_OR_RETURN(const auto emails, users_.EmailsOf({member.user}, call.deadline));
    for (const auto& [row, email] : emails) Add(kEmailColumn, row.ToString(), email, &response);
    if (!member.display_name.empty()) {
      Add(kMemberNameColumn, member.user.ToString(), member.display_name, &response);
    }
  }
  for (const ApiKey& key : held.keys) {
    Add(kKeyNameColumn, key.id.ToString(), key.display_name, &response);
  }
  return response;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<UserId> user, UserOf(call, request.subject().id()));
  const UserId id = user.value_or(UserId());
  // A last owner goes too: the right is theirs, and an operator can appoint another.
  ASSIGN_OR_RETURN(
      const Erased erased,
      database_.WithTenantInAnyState(
          call, AnyStateToken::ForErasure(),
          [&](Transaction& tx) -> absl::StatusOr<Pending<Erased>> {
            auto memberships = members_.Delete(tx, call.tenant, id);
            auto keys = keys_.BlankNamesOf(tx, call.tenant, id.ToString());
            if (user) {
              AppendRevocation(tx, call.tenant,
                               {Revocation::Kind::kActor, id.ToString(), StoredTime(clock_.Now())});
            }
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call, outbox::Succeeded(call, clock_, "subject.erase", TargetOf(user))));
            return tx.AfterCommit([memberships, keys]() -> absl::StatusOr<Erased> {
              Erased counts;
              ASSIGN_OR_RETURN(counts.memberships, memberships.Take());
              ASSIGN_OR_RETURN(counts.keys, keys.Take());
              return counts;
            });
          }));

  subject::v1::EraseSubjectResponse response;
  (*response.mutable_erased())[std::string(kMemberNameColumn)] = erased.memberships;
  (*response.mutable_erased())[std::string(kKeyNameColumn)] = erased.keys;
  // Last, so that erasing again finishes what was interrupted. The address stays where another
  // tenant has the person as a member: it is theirs as well.
  bool deleted = false;
  if (user) {
    ASSIGN_OR_RETURN(deleted, users_.DeleteUnlessMember(id, call.deadline));
  }
  (*response.mutable_erased())[std::string(kEmailColumn)] = deleted ? 1 : 0;
  return response;
}

}  // namespace kasbah::auth
