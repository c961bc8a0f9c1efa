#include "services/auth/rpc/subject_service.h"

#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "services/auth/domain/email.h"
#include "services/auth/domain/personal_columns.h"
#include "services/auth/rpc/authority.h"
#include "services/auth/store/revocation_store.h"

namespace kasbah::auth {
namespace {

using postgres::Pending;
using postgres::Transaction;

// An address never reaches the trail, not even of somebody whom nobody knows.
std::string NameOf(const std::optional<UserId>& user) {
  return user ? user->ToString() : "unknown";
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

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               UserDirectory& users, outbox::Outbox& outbox, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables), users_(users) {}

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
  ASSIGN_OR_RETURN(const Held held,
                   ExportAudited(
                       call,
                       [&](Transaction& tx) -> Pending<Held> {
                         auto memberships = members_.Find(tx, call.tenant, id);
                         auto keys = keys_.ListCreatedBy(tx, call.tenant, id.ToString());
                         return tx.AfterCommit([memberships, keys]() -> absl::StatusOr<Held> {
                           Held found;
                           ASSIGN_OR_RETURN(found.memberships, memberships.Take());
                           ASSIGN_OR_RETURN(found.keys, keys.Take());
                           return found;
                         });
                       },
                       NameOf(user)));

  subject::v1::ExportSubjectResponse response;
  for (const Membership& member : held.memberships) {
    // The address is shown to tenants that the person belongs to.
    ASSIGN_OR_RETURN(const auto emails, users_.EmailsOf({member.user}, call.deadline));
    for (const auto& [row, email] : emails)
      AddValue(kEmailColumn, row.ToString(), email, &response);
    AddValue(kMemberNameColumn, member.user.ToString(), member.display_name, &response);
  }
  for (const ApiKey& key : held.keys) {
    AddValue(kKeyNameColumn, key.id.ToString(), key.display_name, &response);
  }
  return response;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<UserId> user, UserOf(call, request.subject().id()));
  const UserId id = user.value_or(UserId());
  // A last owner goes too: the right is theirs, and an operator can appoint another.
  ASSIGN_OR_RETURN(const Erased erased,
                   EraseAudited(
                       call,
                       [&](Transaction& tx) -> Pending<Erased> {
                         auto memberships = members_.Delete(tx, call.tenant, id);
                         auto keys = keys_.BlankNamesOf(tx, call.tenant, id.ToString());
                         if (user) {
                           AppendRevocation(tx, call.tenant,
                                            {Revocation::Kind::kActor, id.ToString(),
                                             StoredTime(clock().Now())});
                         }
                         return tx.AfterCommit([memberships, keys]() -> absl::StatusOr<Erased> {
                           Erased counts;
                           ASSIGN_OR_RETURN(counts.memberships, memberships.Take());
                           ASSIGN_OR_RETURN(counts.keys, keys.Take());
                           return counts;
                         });
                       },
                       NameOf(user)));

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
