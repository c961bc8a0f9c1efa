#pragma once

#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "services/audit/sinks/transport.h"

namespace kasbah::audit {

// POST of a batch as its receiver wants it (http_body.h). The batch's id goes along as
// Idempotency-Key, so that who keeps it drops what comes twice; Elastic does by the events' ids.
class HttpTransport final : public Transport {
 public:
  // `client` outlives it.
  HttpTransport(http::Client& client, const Clock& clock) : client_(client), clock_(clock) {}

  Delivery Send(const v1::Sink& target, const crypto::SecretBytes& secret, const SinkBatch& batch,
                absl::Time deadline) override;

 private:
  http::Client& client_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
