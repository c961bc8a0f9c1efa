#pragma once

#include <map>
#include <memory>
#include <string>

#include "kasbah/ciphertexts/v1/ciphertexts.grpc.pb.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/ciphertexts/ciphertext_store.h"
#include "libs/rpc/pipeline.h"

namespace kasbah::ciphertexts {

// CiphertextService for the keys that a service has: "fields" and the store of what it sealed.
class CiphertextService final : public v1::CiphertextService::CallbackService {
 public:
  using Stores = std::map<std::string, CiphertextStore*>;

  // `vault` is a channel to it.
  CiphertextService(rpc::Pipeline& pipeline, std::shared_ptr<grpc::Channel> vault, Stores stores);

  grpc::ServerUnaryReactor* CountCiphertexts(grpc::CallbackServerContext* context,
                                             const v1::CountCiphertextsRequest* request,
                                             v1::CountCiphertextsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CiphertextService::Count, this);
  }
  grpc::ServerUnaryReactor* RewrapCiphertexts(grpc::CallbackServerContext* context,
                                              const v1::RewrapCiphertextsRequest* request,
                                              v1::RewrapCiphertextsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CiphertextService::Rewrap, this);
  }

 private:
  absl::StatusOr<v1::CountCiphertextsResponse> Count(const rpc::Call& call,
                                                     const v1::CountCiphertextsRequest& request);
  absl::StatusOr<v1::RewrapCiphertextsResponse> Rewrap(const rpc::Call& call,
                                                       const v1::RewrapCiphertextsRequest& request);

  // NOT_FOUND for a key that this service has not.
  absl::StatusOr<CiphertextStore*> StoreOf(const std::string& key) const;
  // Has the vault seal every ciphertext of `rows` again. Rows of which one does not open are taken
  // out of both lists and counted.
  absl::Status SealAgain(const CallContext& call, const std::string& key, std::vector<Row>* before,
                         std::vector<Row>* after, uint64_t* failed);

  rpc::Pipeline& pipeline_;
  const std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
  const Stores stores_;
};

}  // namespace kasbah::ciphertexts
