#include "libs/postgres/schema_wait.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/connect_settings.h"

namespace kasbah::postgres {
namespace {

constexpr absl::Duration kBetween = absl::Seconds(1);

std::string FirstOf(const std::vector<std::string>& missing) {
  if (missing.size() == 1) return missing.front();
  return StrCat(missing.front(), " and ", missing.size() - 1, " more");
}

}  // namespace

absl::Status WaitForMigrations(const PoolOptions& role, const std::vector<Migration>& migrations,
                               absl::Duration patience,
                               const std::function<void(std::string_view)>& say) {
  RETURN_IF_ERROR(internal::ConnectSettings::Create(role).status());
  const absl::Time deadline = absl::Now() + patience;
  std::string said;
  while (true) {
    const auto missing = MissingMigrations(role, migrations);
    if (missing.ok() && missing->empty()) return absl::OkStatus();
    if (ReasonOf(missing.status()) == "MIGRATION_CHANGED") return missing.status();
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          missing.ok() ? StrCat("not applied: ", absl::StrJoin(*missing, ", "))
                       : std::string(missing.status().message()));
    }
    const std::string what =
        missing.ok() ? FirstOf(*missing) : std::string(missing.status().message());
    if (what != said) say(what);
    said = what;
    absl::SleepFor(std::min(kBetween, deadline - absl::Now()));
  }
}

}  // namespace kasbah::postgres
