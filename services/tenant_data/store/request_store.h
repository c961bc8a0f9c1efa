#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/base/call_context.h"
#include "libs/base/uuid.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// What makes a call repeatable: the caller's request_id and a digest of what was asked.
struct RequestKey {
  Uuid id;
  // SHA-256.
  std::string digest;
};

// Reason of a transaction whose request_id was used before; callers of the service never see it.
inline constexpr std::string_view kRequestSeen = "REQUEST_SEEN";

// tenant_data.requests: what calls with a request_id came to, kept for at least a day, written with
// the change itself.
class RequestStore {
 public:
  // The transaction fails with kRequestSeen when the id was used; of two calls at once the second
  // waits for the first. Also forgets a few answers older than a day.
  void Claim(postgres::Transaction& tx, const CallContext& call, const RequestKey& request,
             std::string_view outcome, absl::Time now) const;
  // Sets the outcome of a claimed request.
  void Finish(postgres::Transaction& tx, const CallContext& call, const RequestKey& request,
              std::string_view outcome) const;
  // The outcome. ALREADY_EXISTS, REQUEST_ID_REUSED, when something else was asked with this id;
  // nullopt when it is not known.
  postgres::Pending<std::optional<std::string>> Find(postgres::Transaction& tx,
                                                     const CallContext& call,
                                                     const RequestKey& request) const;
};

}  // namespace kasbah::tenantdata
