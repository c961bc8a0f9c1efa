#pragma once

#include <algorithm>

#include "services/vault/rpc/key_user.h"

namespace kasbah::vault {

// What a verification found: the version that made it, 0 for none.
template <typename Answer>
absl::Status SetValid(uint32_t version, Answer* answer) {
  answer->set_valid(version != 0);
  answer->set_key_version(version);
  return absl::OkStatus();
}

template <typename Reply>
bool AllValid(const Reply& reply) {
  if constexpr (requires { reply.items(); }) {
    return std::all_of(reply.items().begin(), reply.items().end(),
                       [](const auto& item) { return item.valid(); });
  } else {
    return reply.valid();
  }
}

// Verifies, and once more with the key read again where something was invalid: another replica may
// have made it with a version that this one has yet to hear of.
template <typename Request, typename Verify>
auto WithNewestVersions(KeyUser& keys, const CallContext& call, const Request& request,
                        Verify verify) -> decltype(verify()) {
  const KeyName name = KeyUser::NameFor(call, request.key());
  const KeyRing::Lease before = keys.ring().FindLive(call.tenant, name);
  auto reply = verify();
  // Without a lease before it the key was read just now.
  if (!reply.ok() || AllValid(*reply) || before == nullptr) return reply;
  ASSIGN_OR_RETURN(const KeyRing::Lease now, keys.ring().Refresh(call, name));
  return now->primary_version() > before->primary_version() ? verify() : reply;
}

}  // namespace kasbah::vault
