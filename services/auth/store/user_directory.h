#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/database.h"

namespace kasbah::auth {

// E-mail addresses and the users behind them, for all tenants: through the resolver's door, where
// nothing else about a person is. Addresses are normalised before they come here. Thread safe.
class UserDirectory {
 public:
  explicit UserDirectory(postgres::Door& door) : door_(door) {}

  struct Found {
    UserId user;
    // For whoever has to undo it; callers are not told.
    bool created = false;
  };
  // The user of that address, made when there is none.
  absl::StatusOr<Found> FindOrCreate(const std::string& email, absl::Time deadline);
  absl::StatusOr<std::optional<UserId>> Find(const std::string& email, absl::Time deadline);
  // Those of `users` that there are.
  absl::StatusOr<std::map<UserId, std::string>> EmailsOf(const std::vector<UserId>& users,
                                                         absl::Time deadline);
  // Removes the user unless a tenant has them as a member; whether it did.
  absl::StatusOr<bool> DeleteUnlessMember(UserId user, absl::Time deadline);

 private:
  postgres::Door& door_;
};

}  // namespace kasbah::auth
