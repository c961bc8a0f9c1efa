#pragma once

#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "services/audit/sinks/transport.h"

namespace kasbah::audit {

// One object for each batch that has events, named by its day and its sequence:
//
//   audit/ten_…/2026/11/28/00000000000000000500-00000000000000000999.jsonl
//
// It holds the events with their proofs, as an export does. Sent again it has the same name, so
// there is never a second; a bucket with Object Lock keeps each as another version.
class S3Transport final : public Transport {
 public:
  // `client` outlives it. Unlike libs/aws, whose endpoint the operator names, this goes where
  // tenants say, so `client` has the guard.
  S3Transport(http::Client& client, const Clock& clock) : client_(client), clock_(clock) {}

  Delivery Send(const v1::Sink& target, const crypto::SecretBytes& secret, const SinkBatch& batch,
                absl::Time deadline) override;

  static std::string ObjectName(const v1::S3Target& target, const SinkBatch& batch);

 private:
  http::Client& client_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
