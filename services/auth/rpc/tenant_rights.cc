// What an export and an erasure of a tenant take beyond the tables of the tenant: people.

#include <map>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "services/auth/domain/personal_columns.h"
#include "services/auth/rpc/subject_service.h"
#include <nlohmann/json.hpp>

namespace kasbah::auth {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;

constexpr int kMembersAtOnce = 100;
constexpr std::string_view kMemberships = "auth.memberships";

// {"user_id": "usr_…", …} with the address beside the id.
std::string WithEmail(const std::string& row, const std::map<std::string, std::string>& emails) {
  nlohmann::ordered_json member = nlohmann::ordered_json::parse(row, nullptr, false);
  if (!member.is_object() || !member.contains("user_id")) return row;
  const auto email = emails.find(member["user_id"].get<std::string>());
  if (email != emails.end()) member["email"] = email->second;
  return member.dump();
}

}  // namespace

absl::StatusOr<SubjectService::TenantPage> SubjectService::PageOf(const rpc::Call& call,
                                                                  const subject::TenantTable& table,
                                                                  const std::string& cursor) {
  ASSIGN_OR_RETURN(TenantPage page, subject::SubjectService::PageOf(call, table, cursor));
  if (table.name != kMemberships) return page;
  std::vector<UserId> users;
  for (const std::string& row : page.rows) {
    const auto member = nlohmann::json::parse(row, nullptr, false);
    if (!member.is_object() || !member.contains("user_id")) continue;
    const auto user = UserId::Parse(member["user_id"].get<std::string>());
    if (user.ok()) users.push_back(*user);
  }
  if (users.empty()) return page;
  ASSIGN_OR_RETURN(const auto found, users_.EmailsOf(users, call.deadline));
  std::map<std::string, std::string> emails;
  for (const auto& [user, email] : found) emails[user.ToString()] = email;
  for (std::string& row : page.rows) row = WithEmail(row, emails);
  return page;
}

absl::Status SubjectService::PrepareErasure(const rpc::Call& call,
                                            subject::v1::EraseTenantResponse* reply) {
  while (true) {
    ASSIGN_OR_RETURN(
        const std::vector<UserId> leaving,
        database().WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
          return departures_.List(tx, call.tenant, kMembersAtOnce);
        }));
    for (const UserId user : leaving) {
      ASSIGN_OR_RETURN(const bool deleted, users_.DeleteUnlessMember(user, call.deadline));
      if (deleted) ++(*reply->mutable_erased())[std::string(kEmailColumn)];
    }
    if (!leaving.empty()) {
      RETURN_IF_ERROR(EraseCounted(call, "auth.departures", [&](Transaction& tx) {
                        return departures_.Finish(tx, call.tenant, leaving).Await();
                      }).status());
    }
    ASSIGN_OR_RETURN(
        const std::vector<Membership> members,
        database().WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
          return members_.List(tx, call.tenant, UserId(), 1);
        }));
    if (members.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const uint64_t gone, EraseCounted(call, kMemberships, [&](Transaction& tx) {
                       return departures_.Begin(tx, call.tenant, kMembersAtOnce).Await();
                     }));
    (*reply->mutable_erased())[std::string(kMemberships)] += gone;
  }
}

}  // namespace kasbah::auth
