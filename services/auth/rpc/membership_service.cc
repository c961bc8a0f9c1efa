#include "services/auth/rpc/membership_service.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "services/auth/domain/email.h"
#include "services/auth/rpc/authority.h"
#include "services/auth/rpc/messages.h"
#include "services/auth/rpc/paging.h"
#include "services/auth/store/revocation_store.h"

namespace kasbah::auth {
namespace {

// Members stand in the trail by their id; address and name are theirs to have erased.
outbox::Target TargetOf(UserId user) { return {"member", user.ToString(), ""}; }

absl::StatusOr<Membership> MemberAmong(const std::vector<Membership>& members, UserId user) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Membership& member) { return member.user == user; });
  if (found == members.end()) return NotFound("member");
  return *found;
}

// The member's assertions say what they were; new ones will say what they are.
void EndAssertions(postgres::Transaction& tx, const rpc::Call& call, UserId user, absl::Time now) {
  AppendRevocation(tx, call.tenant, {Revocation::Kind::kActor, user.ToString(), now});
}

}  // namespace

MembershipService::MembershipService(rpc::Pipeline& pipeline, postgres::Database& database,
                                     UserDirectory& users, outbox::Outbox& outbox,
                                     const Clock& clock)
    : pipeline_(pipeline), database_(database), users_(users), outbox_(outbox), clock_(clock) {}

absl::StatusOr<v1::Membership> MembershipService::Create(
    const rpc::Call& call, const v1::CreateMembershipRequest& request) {
  RETURN_IF_ERROR(CheckWholeTenant(call));
  ASSIGN_OR_RETURN(const Role role, FromMessage(request.role()));
  RETURN_IF_ERROR(CheckMayGrant(call, role));
  ASSIGN_OR_RETURN(const std::string email, NormaliseEmail(request.email()));
  absl::StatusOr<Membership> member;
  // A user who is erased between the two steps is missed by the second, and made again.
  for (int attempt = 0; attempt < 3; ++attempt) {
    member = Admit(call, email, role, request.display_name());
    if (ReasonOf(member.status()) != "REFERENCE_MISSING") break;
  }
  RETURN_IF_ERROR(member.status());
  return ToMessage(*member, email);
}

absl::StatusOr<Membership> MembershipService::Admit(const rpc::Call& call, const std::string& email,
                                                    Role role, const std::string& display_name) {
  ASSIGN_OR_RETURN(const UserDirectory::Found found, users_.FindOrCreate(email, call.deadline));
  const Membership member{found.user, role, display_name, StoredTime(clock_.Now())};
  const absl::Status added =
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
        members_.Insert(tx, call.tenant, member);
        return outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, "member.create", TargetOf(found.user),
                              {{"role", std::string(NameOf(role))}}));
      });
  if (added.ok()) return member;
  // The address of somebody who became no member is not ours to keep. Whether the membership stands
  // after all, when the commit's outcome is unknown, the database knows.
  if (found.created) {
    const absl::Status undone = users_.DeleteUnlessMember(found.user, call.deadline).status();
    if (!undone.ok()) {
      telemetry::LogWarning("a user without a membership stays",
                            {{"user_id", found.user.ToString()}, {"reason", ReasonOf(undone)}});
    }
  }
  return added;
}

absl::StatusOr<v1::ListMembershipsResponse> MembershipService::List(
    const rpc::Call& call, const v1::ListMembershipsRequest& request) {
  RETURN_IF_ERROR(CheckWholeTenant(call));
  ASSIGN_OR_RETURN(const Page<UserId> page,
                   Page<UserId>::Parse(request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<Membership> members,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return members_.List(tx, call.tenant, page.after, page.limit());
                   }));
  v1::ListMembershipsResponse response;
  response.set_next_page_token(page.Cut(&members, [](const Membership& m) { return m.user; }));
  std::vector<UserId> users;
  users.reserve(members.size());
  for (const Membership& member : members) users.push_back(member.user);
  ASSIGN_OR_RETURN(const auto emails, users_.EmailsOf(users, call.deadline));
  for (const Membership& member : members) {
    const auto email = emails.find(member.user);
    *response.add_memberships() = ToMessage(member, email == emails.end() ? "" : email->second);
  }
  return response;
}

absl::StatusOr<v1::Membership> MembershipService::Update(
    const rpc::Call& call, const v1::UpdateMembershipRequest& request) {
  RETURN_IF_ERROR(CheckWholeTenant(call));
  ASSIGN_OR_RETURN(const UserId user, UserId::Parse(request.user_id()));
  ASSIGN_OR_RETURN(const Role role, FromMessage(request.role()));
  RETURN_IF_ERROR(CheckMayGrant(call, role));
  ASSIGN_OR_RETURN(const Membership member,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return ChangeRole(tx, call, user, role);
                   }));
  ASSIGN_OR_RETURN(const auto emails, users_.EmailsOf({user}, call.deadline));
  const auto email = emails.find(user);
  return ToMessage(member, email == emails.end() ? "" : email->second);
}

absl::StatusOr<Membership> MembershipService::ChangeRole(postgres::Transaction& tx,
                                                         const rpc::Call& call, UserId user,
                                                         Role role) const {
  ASSIGN_OR_RETURN(const auto locked, members_.LockOwnersAnd(tx, call.tenant, user).Await());
  ASSIGN_OR_RETURN(Membership member, MemberAmong(locked, user));
  if (member.role == role) return member;
  RETURN_IF_ERROR(CheckMayGrant(call, member.role));
  if (member.role == Role::kOwner) RETURN_IF_ERROR(CheckAnotherOwner(locked, user));
  members_.SetRole(tx, call.tenant, user, role);
  EndAssertions(tx, call, user, StoredTime(clock_.Now()));
  RETURN_IF_ERROR(outbox_.AppendAudit(
      tx, call,
      outbox::Succeeded(call, clock_, "member.update", TargetOf(user),
                        {{"role", std::string(NameOf(role))},
                         {"previous_role", std::string(NameOf(member.role))}})));
  member.role = role;
  return member;
}

absl::StatusOr<v1::DeleteMembershipResponse> MembershipService::Delete(
    const rpc::Call& call, const v1::DeleteMembershipRequest& request) {
  RETURN_IF_ERROR(CheckWholeTenant(call));
  ASSIGN_OR_RETURN(const UserId user, UserId::Parse(request.user_id()));
  RETURN_IF_ERROR(database_.WithTenant(
      call, [&](postgres::Transaction& tx) { return Remove(tx, call, user); }));
  return v1::DeleteMembershipResponse();
}

absl::Status MembershipService::Remove(postgres::Transaction& tx, const rpc::Call& call,
                                       UserId user) const {
  ASSIGN_OR_RETURN(const auto locked, members_.LockOwnersAnd(tx, call.tenant, user).Await());
  ASSIGN_OR_RETURN(const Membership member, MemberAmong(locked, user));
  RETURN_IF_ERROR(CheckMayGrant(call, member.role));
  if (member.role == Role::kOwner) RETURN_IF_ERROR(CheckAnotherOwner(locked, user));
  members_.Delete(tx, call.tenant, user);
  EndAssertions(tx, call, user, StoredTime(clock_.Now()));
  return outbox_.AppendAudit(tx, call,
                             outbox::Succeeded(call, clock_, "member.delete", TargetOf(user),
                                               {{"role", std::string(NameOf(member.role))}}));
}

}  // namespace kasbah::auth
