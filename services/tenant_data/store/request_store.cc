#include "services/tenant_data/store/request_store.h"

#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Pending;
using postgres::Result;
using postgres::Statement;
using postgres::Transaction;

constexpr absl::Duration kKept = absl::Hours(24);

constexpr Statement kClaim{"requests.claim",
                           "WITH claimed AS (INSERT INTO tenant_data.requests "
                           "(tenant_id, request_id, customer_id, digest, outcome, created_at) "
                           "VALUES ($1, $2, $3, $4, $5, $6) "
                           "ON CONFLICT (tenant_id, request_id) DO NOTHING RETURNING request_id) "
                           "SELECT core.require(EXISTS (SELECT FROM claimed), 'REQUEST_SEEN')",
                           Access::kWrite};

// Two for each one that comes, so that the table does not grow; skips what another call deletes.
constexpr Statement kForget{
    "requests.forget",
    "DELETE FROM tenant_data.requests WHERE tenant_id = $1 AND request_id IN ("
    "SELECT request_id FROM tenant_data.requests WHERE tenant_id = $1 AND created_at < $2 "
    "ORDER BY created_at LIMIT 2 FOR UPDATE SKIP LOCKED)",
    Access::kWrite};

constexpr Statement kFinish{
    "requests.finish",
    "UPDATE tenant_data.requests SET outcome = $3 WHERE tenant_id = $1 AND request_id = $2",
    Access::kWrite};

constexpr Statement kFind{"requests.find",
                          "SELECT digest, outcome FROM tenant_data.requests "
                          "WHERE tenant_id = $1 AND request_id = $2"};

}  // namespace

void RequestStore::Claim(Transaction& tx, const CallContext& call, const RequestKey& request,
                         std::string_view outcome, absl::Time now) const {
  tx.Run(kClaim, call.tenant, request.id, call.customer, Bytes{request.digest}, Bytes{outcome},
         now);
  tx.Run(kForget, call.tenant, now - kKept);
}

void RequestStore::Finish(Transaction& tx, const CallContext& call, const RequestKey& request,
                          std::string_view outcome) const {
  tx.Run(kFinish, call.tenant, request.id, Bytes{outcome});
}

Pending<std::optional<std::string>> RequestStore::Find(Transaction& tx, const CallContext& call,
                                                       const RequestKey& request) const {
  return tx.Run(kFind, call.tenant, request.id)
      .Map([digest =
                request.digest](const Result& rows) -> absl::StatusOr<std::optional<std::string>> {
        if (rows.empty()) return std::optional<std::string>();
        if (rows[0].Get<std::string>(0) != digest) {
          return Error(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                       "this request_id was used for something else");
        }
        return std::make_optional(rows[0].Get<std::string>(1));
      });
}

}  // namespace kasbah::tenantdata
