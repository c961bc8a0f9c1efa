#pragma once

#include "libs/postgres/result.h"
#include "services/vault/domain/secret.h"

// The columns of a secret and of a version, in the order that SecretOf and VersionOf read them; the
// tables are called s and v.
#define KASBAH_SECRET_COLUMNS                                                                 \
  "s.secret_id, s.path, s.labels, s.latest_version, s.revision, s.created_at, s.expires_at, " \
  "s.rotation_period, s.next_rotation_at, s.rotation_topic, s.destroy_delay, s.deleted_at, "  \
  "s.purge_at, s.is_restricted"
#define KASBAH_VERSION_COLUMNS                                                          \
  "v.secret_id, v.version, v.key_version, v.created_by, v.created_at, v.destroyed_at, " \
  "v.disabled_at, v.destroy_at"

namespace kasbah::vault {

inline constexpr int kSecretColumns = 14;
inline constexpr int kVersionColumns = 8;

Secret SecretOf(const postgres::Row& row);
SecretVersion VersionOf(const postgres::Row& row, int from = 0);

}  // namespace kasbah::vault
