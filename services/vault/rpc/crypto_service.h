#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/outbox/denials.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/key_ring.h"

namespace kasbah::vault {

// Cryptography under the caller's own keys: the owner is the caller's SPIFFE path, so no request
// can name another's. On a live lease nothing here asks the database, and single operations never
// leave the transport's thread; uses are counted, and the counts reach the trail each minute.
class CryptoService final : public v1::CryptoService::CallbackService {
 public:
  CryptoService(rpc::Pipeline& pipeline, KeyRing& ring, outbox::CountedEvents& counted)
      : pipeline_(pipeline), ring_(ring), counted_(counted) {}

  grpc::ServerUnaryReactor* Encrypt(grpc::CallbackServerContext* context,
                                    const v1::EncryptRequest* request,
                                    v1::EncryptResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryEncrypt,
                                    &CryptoService::DoEncrypt, this);
  }
  grpc::ServerUnaryReactor* Decrypt(grpc::CallbackServerContext* context,
                                    const v1::DecryptRequest* request,
                                    v1::DecryptResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryDecrypt,
                                    &CryptoService::DoDecrypt, this);
  }
  grpc::ServerUnaryReactor* BatchEncrypt(grpc::CallbackServerContext* context,
                                         const v1::BatchEncryptRequest* request,
                                         v1::BatchEncryptResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchEncrypt, this);
  }
  grpc::ServerUnaryReactor* BatchDecrypt(grpc::CallbackServerContext* context,
                                         const v1::BatchDecryptRequest* request,
                                         v1::BatchDecryptResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchDecrypt, this);
  }
  grpc::ServerUnaryReactor* BatchMac(grpc::CallbackServerContext* context,
                                     const v1::BatchMacRequest* request,
                                     v1::BatchMacResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchMac, this);
  }
  grpc::ServerUnaryReactor* Mac(grpc::CallbackServerContext* context, const v1::MacRequest* request,
                                v1::MacResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryMac,
                                    &CryptoService::DoMac, this);
  }
  grpc::ServerUnaryReactor* Sign(grpc::CallbackServerContext* context,
                                 const v1::SignRequest* request, v1::SignResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoSign, this);
  }
  grpc::ServerUnaryReactor* GetPublicKey(grpc::CallbackServerContext* context,
                                         const v1::GetPublicKeyRequest* request,
                                         v1::GetPublicKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoGetPublicKey, this);
  }

 private:
  // The Try… answer on a live lease and leave everything else to the Do….
  std::optional<absl::StatusOr<v1::EncryptResponse>> TryEncrypt(const rpc::Call& call,
                                                                const v1::EncryptRequest& request);
  std::optional<absl::StatusOr<v1::DecryptResponse>> TryDecrypt(const rpc::Call& call,
                                                                const v1::DecryptRequest& request);
  std::optional<absl::StatusOr<v1::MacResponse>> TryMac(const rpc::Call& call,
                                                        const v1::MacRequest& request);
  absl::StatusOr<v1::EncryptResponse> DoEncrypt(const rpc::Call& call,
                                                const v1::EncryptRequest& request);
  absl::StatusOr<v1::DecryptResponse> DoDecrypt(const rpc::Call& call,
                                                const v1::DecryptRequest& request);
  absl::StatusOr<v1::BatchEncryptResponse> DoBatchEncrypt(const rpc::Call& call,
                                                          const v1::BatchEncryptRequest& request);
  absl::StatusOr<v1::BatchDecryptResponse> DoBatchDecrypt(const rpc::Call& call,
                                                          const v1::BatchDecryptRequest& request);
  absl::StatusOr<v1::BatchMacResponse> DoBatchMac(const rpc::Call& call,
                                                  const v1::BatchMacRequest& request);
  absl::StatusOr<v1::MacResponse> DoMac(const rpc::Call& call, const v1::MacRequest& request);
  absl::StatusOr<v1::SignResponse> DoSign(const rpc::Call& call, const v1::SignRequest& request);
  absl::StatusOr<v1::GetPublicKeyResponse> DoGetPublicKey(const rpc::Call& call,
                                                          const v1::GetPublicKeyRequest& request);

  absl::StatusOr<v1::EncryptResponse> EncryptUnder(const KeyLease& lease, const rpc::Call& call,
                                                   const v1::EncryptRequest& request);
  absl::StatusOr<v1::DecryptResponse> DecryptUnder(const KeyLease& lease, const rpc::Call& call,
                                                   const v1::DecryptRequest& request);
  absl::StatusOr<v1::MacResponse> MacUnder(const KeyLease& lease, const rpc::Call& call,
                                           const v1::MacRequest& request);

  // Null without a live lease of that purpose.
  KeyRing::Lease LiveLease(const CallContext& call, const std::string& key, KeyPurpose purpose);
  // The key that opens what names it in its header; without one nothing can have been sealed, so
  // its absence is OPEN_FAILED too. Reads the key again for a version that another replica made.
  absl::StatusOr<KeyRing::Lease> LeaseToOpen(const CallContext& call, const std::string& key,
                                             std::string_view ciphertext);
  // Of one item, in the item's tenant.
  absl::StatusOr<std::string> MacUnderSealedKey(const CallContext& call, const std::string& key,
                                                const v1::BatchMacRequest::Item& item);
  void Count(const CallContext& call, std::string_view action, const KeyLease& key, uint64_t times);

  rpc::Pipeline& pipeline_;
  KeyRing& ring_;
  outbox::CountedEvents& counted_;
};

}  // namespace kasbah::vault
