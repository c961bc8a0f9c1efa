#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "libs/base/clock.h"
#include "libs/rpc/admission.h"
#include "libs/rpc/assertion_verifier.h"
#include "libs/rpc/call_metrics.h"
#include "libs/rpc/field_rules.h"
#include "libs/rpc/pipeline.h"

namespace kasbah::rpc {

// What every call goes through, owned by the pipeline.
struct PassageParts {
  const PipelineOptions& options;
  Admission& admission;
  const FieldRules& rules;
  AssertionVerifier* assertions;
  DecisionSink* decisions;
  const Clock& clock;
};

// UNAVAILABLE, DRAINING; RESOURCE_EXHAUSTED, OVERLOADED: both with a time to wait.
absl::Status Draining();
absl::Status Overloaded();

// One call on its way to its handler and back. Its methods are called in their order, each once, by
// one thread at a time. `request` is null where the client streams: what comes is checked as it is
// read.
class Passage {
 public:
  Passage(const PassageParts& parts, const MethodRules& method, CallMetrics& metrics,
          grpc::CallbackServerContext* context, const google::protobuf::Message* request);

  // Peer, policy's peers, metadata, deadline. A stream has no deadline but its client's.
  absl::Status Enter(bool is_stream);
  // Everything else before the handler; nullopt when the assertion must be verified first, which
  // may block: then Admit does all of it.
  std::optional<absl::Status> AdmitAtOnce();
  absl::Status Admit();
  // DEADLINE_EXCEEDED or CANCELLED when nobody waits for the answer any more.
  absl::Status CheckWanted() const;
  // For a stream, after Admit: an error once the credential behind it has been revoked. That its
  // assertion expires meanwhile is none.
  absl::Status CheckNotRevoked() const;

  // The answer: mapped, counted, logged, and a refusal put into the trail.
  grpc::Status Conclude(absl::Status status);

  const Call& call() const { return arrival_.call; }

 private:
  void TakeRequestId();
  absl::Status TakeDeadline(bool is_stream);
  absl::Status AdmitWith(const Assertion* assertion);
  void Log(const grpc::Status& answer, const absl::Status& status, absl::Duration took) const;
  void KeepRefusal(const absl::Status& status) const;

  const PassageParts& parts_;
  CallMetrics& metrics_;
  grpc::CallbackServerContext* context_;
  const google::protobuf::Message* request_;
  const std::chrono::steady_clock::time_point start_;
  Arrival arrival_;
};

}  // namespace kasbah::rpc
