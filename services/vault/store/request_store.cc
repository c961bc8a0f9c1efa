#include "services/vault/store/request_store.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kFind{"requests.find",
                          "SELECT secret_id, version FROM vault.requests "
                          "WHERE tenant_id = $1 AND request_id = $2"};
constexpr Statement kRemember{"requests.remember",
                              "INSERT INTO vault.requests (tenant_id, request_id, secret_id, "
                              "version) VALUES ($1, $2, $3, $4)",
                              Access::kWrite};
constexpr Statement kForget{"requests.forget",
                            "DELETE FROM vault.requests WHERE tenant_id = $1 AND created_at < $2",
                            Access::kWrite};

}  // namespace

postgres::Pending<std::optional<DoneRequest>> RequestStore::Find(postgres::Transaction& tx,
                                                                 TenantId tenant,
                                                                 std::string_view request_id) {
  return tx.Run(kFind, tenant, request_id)
      .Map([](postgres::Result rows) -> std::optional<DoneRequest> {
        if (rows.size() == 0) return std::nullopt;
        return DoneRequest{rows[0].Get<SecretId>(0), rows[0].Get<uint32_t>(1)};
      });
}

void RequestStore::Remember(postgres::Transaction& tx, TenantId tenant, std::string_view request_id,
                            const DoneRequest& done) {
  if (request_id.empty()) return;
  tx.Run(kRemember, tenant, request_id, done.secret, done.version);
}

void RequestStore::ForgetBefore(postgres::Transaction& tx, TenantId tenant, absl::Time time) {
  tx.Run(kForget, tenant, time);
}

}  // namespace kasbah::vault
