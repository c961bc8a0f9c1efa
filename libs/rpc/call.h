#pragma once

#include <bitset>
#include <string>

#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/call_context.h"

namespace kasbah::rpc {

// A call that passed the pipeline: the context that every layer below takes, and what only handlers
// ask for. Made by the pipeline alone.
class Call : public CallContext {
 public:
  policy::v1::ActorKind actor_kind = policy::v1::ACTOR_KIND_UNSPECIFIED;
  // What the actor was granted, by Permission number. Services and operators: everything that the
  // method's policy lets them do.
  std::bitset<128> permissions;
  // Full name: "kasbah.vault.v1.SecretService/AddSecretVersion".
  std::string_view method;
  // The session or credential that the assertion was issued for.
  std::string session_id;

  bool Has(policy::v1::Permission permission) const {
    return permissions.test(static_cast<size_t>(permission));
  }
};

}  // namespace kasbah::rpc
