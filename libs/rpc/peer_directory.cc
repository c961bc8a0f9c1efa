#include "libs/rpc/peer_directory.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::rpc {
namespace {

constexpr size_t kRemembered = 4096;

}  // namespace

PeerDirectory::PeerDirectory(std::string trust_domain, const PolicyTable& policies)
    : trust_domain_(std::move(trust_domain)), policies_(policies) {}

absl::StatusOr<std::shared_ptr<const Peer>> PeerDirectory::Make(std::string_view uri) const {
  absl::StatusOr<SpiffeId> id = SpiffeId::Parse(uri);
  if (!id.ok()) {
    return Error(absl::StatusCode::kUnauthenticated, "PEER_IDENTITY_MISSING",
                 "the client's certificate must carry exactly one SPIFFE id of a service, an "
                 "operator or a tenant's workload");
  }
  if (id->domain != trust_domain_) {
    return Error(absl::StatusCode::kUnauthenticated, "PEER_FOREIGN",
                 "the client's certificate is of another trust domain");
  }
  auto peer = std::make_shared<Peer>();
  peer->uri = std::string(uri);
  peer->id = *std::move(id);
  peer->tenant = peer->id.tenant();
  peer->is_service = peer->id.is_service();
  peer->is_operator = peer->id.is_operator();
  const auto named_in = [&peer](const auto& patterns) {
    return std::ranges::any_of(
        patterns, [&peer](const std::string& p) { return PeerMatches(p, peer->id.path); });
  };
  for (const auto& method : policies_.methods()) {
    peer->may_call.push_back(named_in(method->access.peers()));
    peer->may_forward.push_back(named_in(method->access.forwarders()));
  }
  return peer;
}

absl::StatusOr<std::shared_ptr<const Peer>> PeerDirectory::Find(std::string_view uri) {
  {
    absl::ReaderMutexLock lock(&mutex_);
    if (const auto found = peers_.find(ToAbsl(uri)); found != peers_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Peer> peer, Make(uri));
  absl::MutexLock lock(&mutex_);
  if (peers_.size() >= kRemembered) peers_.clear();
  peers_[peer->uri] = peer;
  return peer;
}

}  // namespace kasbah::rpc
