#pragma once

#include <optional>

#include "libs/postgres/result.h"
#include "services/vault/domain/stored_kek.h"

namespace kasbah::vault {

// A tenant's KEK in a statement: what joins it to a table k that has a tenant_id, and its columns.
#define KASBAH_KEK_COLUMNS \
  "s.share_id, s.generation, s.shredded_at, t.kind, t.key, t.token, t.wrapped"
#define KASBAH_JOIN_KEK                                                                   \
  " LEFT JOIN vault.shares s ON s.tenant_id = k.tenant_id AND s.subject_hash = ''::bytea" \
  " LEFT JOIN vault.tenant_seals t ON t.tenant_id = k.tenant_id"
inline constexpr int kKekColumns = 7;

// From KASBAH_KEK_COLUMNS at `column`; nothing where the tenant has none.
std::optional<StoredKek> KekOf(const postgres::Row& row, int column);

}  // namespace kasbah::vault
