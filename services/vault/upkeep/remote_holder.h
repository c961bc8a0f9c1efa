#pragma once

#include <memory>

#include "kasbah/ciphertexts/v1/ciphertexts.grpc.pb.h"
#include "services/vault/domain/ciphertext_holder.h"

namespace kasbah::vault {

// Another service that keeps what its keys sealed, asked by CiphertextService.
class RemoteHolder final : public CiphertextHolder {
 public:
  // A channel to it.
  explicit RemoteHolder(std::shared_ptr<grpc::Channel> channel);

  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call,
                                                     const KeyName& key) override;
  absl::StatusOr<Page> Rewrap(const CallContext& call, const KeyName& key, uint32_t below_version,
                              const std::string& cursor, int limit) override;

 private:
  const std::unique_ptr<ciphertexts::v1::CiphertextService::Stub> stub_;
};

}  // namespace kasbah::vault
