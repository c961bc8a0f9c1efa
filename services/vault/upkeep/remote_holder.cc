#include "services/vault/upkeep/remote_holder.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/channel.h"

namespace kasbah::vault {

using Service = ciphertexts::v1::CiphertextService;

RemoteHolder::RemoteHolder(std::shared_ptr<grpc::Channel> channel)
    : stub_(Service::NewStub(std::move(channel))) {}

absl::StatusOr<std::map<uint32_t, uint64_t>> RemoteHolder::Count(const CallContext& call,
                                                                 const KeyName& key) {
  ciphertexts::v1::CountCiphertextsRequest request;
  request.set_key(key.name);
  const auto reply = rpc::Invoke(call, *stub_, &Service::Stub::CountCiphertexts, request);
  // A key of that service which seals nothing that it keeps.
  if (ReasonOf(reply.status()) == reason::kNotFound) return std::map<uint32_t, uint64_t>();
  RETURN_IF_ERROR(reply.status());
  return std::map<uint32_t, uint64_t>(reply->counts().begin(), reply->counts().end());
}

absl::StatusOr<CiphertextHolder::Page> RemoteHolder::Rewrap(const CallContext& call,
                                                            const KeyName& key,
                                                            uint32_t below_version,
                                                            const std::string& cursor, int limit) {
  ciphertexts::v1::RewrapCiphertextsRequest request;
  request.set_key(key.name);
  request.set_below_version(below_version);
  request.set_cursor(cursor);
  request.set_limit(static_cast<uint32_t>(limit));
  ASSIGN_OR_RETURN(const ciphertexts::v1::RewrapCiphertextsResponse reply,
                   rpc::Invoke(call, *stub_, &Service::Stub::RewrapCiphertexts, request));
  return Page{reply.cursor(), reply.is_last(), reply.seen(), reply.rewrapped(), reply.failed()};
}

}  // namespace kasbah::vault
