#pragma once

#include <grpcpp/grpcpp.h>

#include <bitset>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ratelimit/limiter.h"
#include "libs/ratelimit/tiers.h"
#include "libs/rpc/assertion_verifier.h"
#include "libs/rpc/call.h"
#include "libs/rpc/peer_directory.h"
#include "libs/rpc/policy_table.h"

namespace kasbah::rpc {

// What is asked of one method at each call, worked out from its policy once.
struct MethodRules {
  MethodRules(const MethodPolicy& policy, size_t place, const ratelimit::Rates& rates);

  const MethodPolicy& policy;
  const size_t place;
  // By ActorKind.
  std::bitset<8> actors;
  // Whether any actor that comes with an assertion is among them.
  bool takes_assertions = false;
  bool has_tenant = false;
  ratelimit::Limit limit;
};

// The metadata that the pipeline reads, found in one pass; views into the call's own.
struct CallMetadata {
  explicit CallMetadata(const grpc::ServerContextBase& context);

  std::string_view authorization;
  std::string_view tenant;
  std::string_view customer;
  std::string_view request_id;
  std::string_view traceparent;
  std::string_view user_agent;
  // A name of ours that came more than once: nobody can say which value was meant.
  std::string_view repeated;
};

// A call on its way in.
struct Arrival {
  Arrival(const MethodRules& rules, const grpc::ServerContextBase& context)
      : method(rules), metadata(context) {}

  const MethodRules& method;
  CallMetadata metadata;
  std::shared_ptr<const Peer> peer;
  // Without the "Bearer "; empty: none came.
  std::string_view token;
  Call call;
};

// Decides whether a call may reach its handler: who calls, for whom, with which right, how often.
// Fills in Arrival::call as far as it is known, so that a refusal's event says what was. Thread
// safe.
class Admission {
 public:
  Admission(std::string trust_domain, const PolicyTable& policies, ratelimit::Limiter* limiter,
            const Clock& clock);

  // The peer and its right to call at all; then what the metadata says.
  absl::Status Enter(const grpc::ServerContextBase& context, Arrival* arrival);
  // The actor: its assertion (null without one), tenant, registered workload, kind, permission,
  // scope, assurance, rate.
  absl::Status Authorize(const Assertion* assertion, Arrival* arrival);

 private:
  absl::Status TakeAssertion(const Assertion& assertion, Arrival* arrival);
  absl::Status CheckRate(bool has_assertion, Arrival* arrival);

  PeerDirectory peers_;
  ratelimit::Limiter* limiter_;
  const Clock& clock_;
};

}  // namespace kasbah::rpc
