#include "services/auth/store/user_directory.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kFind{"users.find", R"sql(
SELECT user_id FROM auth.users WHERE email = $1)sql"};

constexpr Statement kInsert{"users.insert", R"sql(
INSERT INTO auth.users (email) VALUES ($1) ON CONFLICT (email) DO NOTHING)sql",
                            Access::kWrite};

constexpr Statement kEmailsOf{"users.emails_of", R"sql(
SELECT user_id, email FROM auth.users WHERE user_id = ANY ($1))sql"};

constexpr Statement kDelete{"users.delete", R"sql(
DELETE FROM auth.users WHERE user_id = $1)sql",
                            Access::kWrite};

}  // namespace

absl::StatusOr<UserDirectory::Found> UserDirectory::FindOrCreate(const std::string& email,
                                                                 absl::Time deadline) {
  // The statement after the insert sees its row, or the row of whoever was first.
  return door_.Run(deadline, [&](Transaction& tx) {
    auto inserted = tx.Run(kInsert, email);
    auto user = tx.RunForOne(
        kFind, "user", [](Row row) { return row.Get<UserId>(0); }, email);
    return tx.AfterCommit([inserted, user]() -> absl::StatusOr<Found> {
      Found found;
      ASSIGN_OR_RETURN(const Result rows, inserted.Take());
      ASSIGN_OR_RETURN(found.user, user.Take());
      found.created = rows.affected() == 1;
      return found;
    });
  });
}

absl::StatusOr<std::optional<UserId>> UserDirectory::Find(const std::string& email,
                                                          absl::Time deadline) {
  return door_.Run(deadline, [&](Transaction& tx) {
    return tx.Run(kFind, email).Map([](Result rows) -> std::optional<UserId> {
      if (rows.empty()) return std::nullopt;
      return rows[0].Get<UserId>(0);
    });
  });
}

absl::StatusOr<std::map<UserId, std::string>> UserDirectory::EmailsOf(
    const std::vector<UserId>& users, absl::Time deadline) {
  return door_.Run(deadline, [&](Transaction& tx) {
    return tx.Run(kEmailsOf, users).Map([](Result rows) {
      std::map<UserId, std::string> emails;
      for (const Row row : rows) emails[row.Get<UserId>(0)] = row.Get<std::string>(1);
      return emails;
    });
  });
}

absl::StatusOr<bool> UserDirectory::DeleteUnlessMember(UserId user, absl::Time deadline) {
  absl::StatusOr<bool> deleted = door_.Run(deadline, [&](Transaction& tx) {
    return tx.Run(kDelete, user).Map([](Result changed) { return changed.affected() == 1; });
  });
  // The memberships' reference to the user: some tenant has them.
  if (ReasonOf(deleted.status()) == "REFERENCE_MISSING") return false;
  return deleted;
}

}  // namespace kasbah::auth
