#include "services/vault/store/secret_rows.h"

#include <nlohmann/json.hpp>

namespace kasbah::vault {

Secret SecretOf(const postgres::Row& row) {
  Secret secret;
  secret.id = row.Get<SecretId>(0);
  secret.path = row.Get<std::string>(1);
  secret.labels =
      nlohmann::json::parse(row.Get<std::string>(2)).get<std::map<std::string, std::string>>();
  secret.latest_version = row.Get<uint32_t>(3);
  secret.revision = row.Get<int64_t>(4);
  secret.created_at = row.Get<absl::Time>(5);
  secret.expires_at = row.Get<std::optional<absl::Time>>(6);
  if (const auto period = row.Get<std::optional<int64_t>>(7)) {
    secret.rotation = {absl::Seconds(*period), row.Get<absl::Time>(8), row.Get<std::string>(9)};
  }
  secret.destroy_delay = absl::Seconds(row.Get<int64_t>(10));
  secret.deleted_at = row.Get<std::optional<absl::Time>>(11);
  secret.purge_at = row.Get<std::optional<absl::Time>>(12);
  secret.is_restricted = row.Get<bool>(13);
  return secret;
}

SecretVersion VersionOf(const postgres::Row& row, int from) {
  SecretVersion version;
  version.secret = row.Get<SecretId>(from);
  version.version = row.Get<uint32_t>(from + 1);
  version.key_version = row.Get<uint32_t>(from + 2);
  version.created_by = row.Get<std::string>(from + 3);
  version.created_at = row.Get<absl::Time>(from + 4);
  version.destroyed_at = row.Get<std::optional<absl::Time>>(from + 5);
  version.disabled_at = row.Get<std::optional<absl::Time>>(from + 6);
  version.destroy_at = row.Get<std::optional<absl::Time>>(from + 7);
  return version;
}

}  // namespace kasbah::vault
