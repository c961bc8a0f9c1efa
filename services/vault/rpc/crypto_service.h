#pragma once

#include <optional>
#include <string>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/rpc/key_user.h"

namespace kasbah::vault {

// Cryptography under the caller's own keys: the owner is the caller's SPIFFE path, so no request
// can name another's. On a live lease nothing here asks the database, and single operations never
// leave the transport's thread; uses are counted, and the counts reach the trail each minute.
class CryptoService final : public v1::CryptoService::CallbackService {
 public:
  CryptoService(rpc::Pipeline& pipeline, KeyRing& ring, SubjectRing& subjects,
                outbox::CountedEvents& counted);

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
  grpc::ServerUnaryReactor* Rewrap(grpc::CallbackServerContext* context,
                                   const v1::RewrapRequest* request,
                                   v1::RewrapResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryRewrap,
                                    &CryptoService::DoRewrap, this);
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
  grpc::ServerUnaryReactor* BatchRewrap(grpc::CallbackServerContext* context,
                                        const v1::BatchRewrapRequest* request,
                                        v1::BatchRewrapResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchRewrap, this);
  }
  grpc::ServerUnaryReactor* GenerateDataKey(grpc::CallbackServerContext* context,
                                            const v1::GenerateDataKeyRequest* request,
                                            v1::GenerateDataKeyResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryGenerateDataKey,
                                    &CryptoService::DoGenerateDataKey, this);
  }
  grpc::ServerUnaryReactor* BatchGenerateDataKey(grpc::CallbackServerContext* context,
                                                 const v1::BatchGenerateDataKeyRequest* request,
                                                 v1::BatchGenerateDataKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchGenerateDataKey, this);
  }
  grpc::ServerUnaryReactor* MacSign(grpc::CallbackServerContext* context,
                                    const v1::MacSignRequest* request,
                                    v1::MacSignResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryMacSign,
                                    &CryptoService::DoMacSign, this);
  }
  grpc::ServerUnaryReactor* MacVerify(grpc::CallbackServerContext* context,
                                      const v1::MacVerifyRequest* request,
                                      v1::MacVerifyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoMacVerify, this);
  }
  grpc::ServerUnaryReactor* BatchMacSign(grpc::CallbackServerContext* context,
                                         const v1::BatchMacSignRequest* request,
                                         v1::BatchMacSignResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchMacSign, this);
  }
  grpc::ServerUnaryReactor* BatchMacVerify(grpc::CallbackServerContext* context,
                                           const v1::BatchMacVerifyRequest* request,
                                           v1::BatchMacVerifyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchMacVerify, this);
  }
  grpc::ServerUnaryReactor* BatchSealedMac(grpc::CallbackServerContext* context,
                                           const v1::BatchSealedMacRequest* request,
                                           v1::BatchSealedMacResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchSealedMac, this);
  }
  grpc::ServerUnaryReactor* BlindIndex(grpc::CallbackServerContext* context,
                                       const v1::BlindIndexRequest* request,
                                       v1::BlindIndexResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &CryptoService::TryBlindIndex,
                                    &CryptoService::DoBlindIndex, this);
  }
  grpc::ServerUnaryReactor* BatchBlindIndex(grpc::CallbackServerContext* context,
                                            const v1::BatchBlindIndexRequest* request,
                                            v1::BatchBlindIndexResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchBlindIndex, this);
  }
  grpc::ServerUnaryReactor* AsymmetricSign(grpc::CallbackServerContext* context,
                                           const v1::AsymmetricSignRequest* request,
                                           v1::AsymmetricSignResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoAsymmetricSign, this);
  }
  grpc::ServerUnaryReactor* AsymmetricVerify(grpc::CallbackServerContext* context,
                                             const v1::AsymmetricVerifyRequest* request,
                                             v1::AsymmetricVerifyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoAsymmetricVerify, this);
  }
  grpc::ServerUnaryReactor* BatchAsymmetricSign(grpc::CallbackServerContext* context,
                                                const v1::BatchAsymmetricSignRequest* request,
                                                v1::BatchAsymmetricSignResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchAsymmetricSign, this);
  }
  grpc::ServerUnaryReactor* BatchAsymmetricVerify(
      grpc::CallbackServerContext* context, const v1::BatchAsymmetricVerifyRequest* request,
      v1::BatchAsymmetricVerifyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchAsymmetricVerify, this);
  }
  grpc::ServerUnaryReactor* GetPublicKey(grpc::CallbackServerContext* context,
                                         const v1::GetPublicKeyRequest* request,
                                         v1::GetPublicKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoGetPublicKey, this);
  }
  grpc::ServerUnaryReactor* BatchGetPublicKey(grpc::CallbackServerContext* context,
                                              const v1::BatchGetPublicKeyRequest* request,
                                              v1::BatchGetPublicKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CryptoService::DoBatchGetPublicKey, this);
  }
  grpc::ServerUnaryReactor* GenerateRandomBytes(grpc::CallbackServerContext* context,
                                                const v1::GenerateRandomBytesRequest* request,
                                                v1::GenerateRandomBytesResponse* reply) override {
    return pipeline_.RunInline(context, *request, reply, &CryptoService::DoGenerateRandomBytes,
                               this);
  }

 private:
  // The Try… answer on a live lease and leave everything else to the Do….

  // crypto_sealing.cc
  std::optional<absl::StatusOr<v1::EncryptResponse>> TryEncrypt(const rpc::Call& call,
                                                                const v1::EncryptRequest& request);
  absl::StatusOr<v1::EncryptResponse> DoEncrypt(const rpc::Call& call,
                                                const v1::EncryptRequest& request);
  std::optional<absl::StatusOr<v1::DecryptResponse>> TryDecrypt(const rpc::Call& call,
                                                                const v1::DecryptRequest& request);
  absl::StatusOr<v1::DecryptResponse> DoDecrypt(const rpc::Call& call,
                                                const v1::DecryptRequest& request);
  std::optional<absl::StatusOr<v1::RewrapResponse>> TryRewrap(const rpc::Call& call,
                                                              const v1::RewrapRequest& request);
  absl::StatusOr<v1::RewrapResponse> DoRewrap(const rpc::Call& call,
                                              const v1::RewrapRequest& request);
  absl::StatusOr<v1::BatchEncryptResponse> DoBatchEncrypt(const rpc::Call& call,
                                                          const v1::BatchEncryptRequest& request);
  absl::StatusOr<v1::BatchDecryptResponse> DoBatchDecrypt(const rpc::Call& call,
                                                          const v1::BatchDecryptRequest& request);
  absl::StatusOr<v1::BatchRewrapResponse> DoBatchRewrap(const rpc::Call& call,
                                                        const v1::BatchRewrapRequest& request);
  std::optional<absl::StatusOr<v1::GenerateDataKeyResponse>> TryGenerateDataKey(
      const rpc::Call& call, const v1::GenerateDataKeyRequest& request);
  absl::StatusOr<v1::GenerateDataKeyResponse> DoGenerateDataKey(
      const rpc::Call& call, const v1::GenerateDataKeyRequest& request);
  absl::StatusOr<v1::BatchGenerateDataKeyResponse> DoBatchGenerateDataKey(
      const rpc::Call& call, const v1::BatchGenerateDataKeyRequest& request);

  // crypto_macs.cc
  std::optional<absl::StatusOr<v1::MacSignResponse>> TryMacSign(const rpc::Call& call,
                                                                const v1::MacSignRequest& request);
  absl::StatusOr<v1::MacSignResponse> DoMacSign(const rpc::Call& call,
                                                const v1::MacSignRequest& request);
  absl::StatusOr<v1::MacVerifyResponse> DoMacVerify(const rpc::Call& call,
                                                    const v1::MacVerifyRequest& request);
  absl::StatusOr<v1::BatchMacSignResponse> DoBatchMacSign(const rpc::Call& call,
                                                          const v1::BatchMacSignRequest& request);
  absl::StatusOr<v1::BatchMacVerifyResponse> DoBatchMacVerify(
      const rpc::Call& call, const v1::BatchMacVerifyRequest& request);
  absl::StatusOr<v1::BatchSealedMacResponse> DoBatchSealedMac(
      const rpc::Call& call, const v1::BatchSealedMacRequest& request);
  std::optional<absl::StatusOr<v1::BlindIndexResponse>> TryBlindIndex(
      const rpc::Call& call, const v1::BlindIndexRequest& request);
  absl::StatusOr<v1::BlindIndexResponse> DoBlindIndex(const rpc::Call& call,
                                                      const v1::BlindIndexRequest& request);
  absl::StatusOr<v1::BatchBlindIndexResponse> DoBatchBlindIndex(
      const rpc::Call& call, const v1::BatchBlindIndexRequest& request);

  // crypto_signatures.cc
  absl::StatusOr<v1::AsymmetricSignResponse> DoAsymmetricSign(
      const rpc::Call& call, const v1::AsymmetricSignRequest& request);
  absl::StatusOr<v1::AsymmetricVerifyResponse> DoAsymmetricVerify(
      const rpc::Call& call, const v1::AsymmetricVerifyRequest& request);
  absl::StatusOr<v1::BatchAsymmetricSignResponse> DoBatchAsymmetricSign(
      const rpc::Call& call, const v1::BatchAsymmetricSignRequest& request);
  absl::StatusOr<v1::BatchAsymmetricVerifyResponse> DoBatchAsymmetricVerify(
      const rpc::Call& call, const v1::BatchAsymmetricVerifyRequest& request);
  absl::StatusOr<v1::GetPublicKeyResponse> DoGetPublicKey(const rpc::Call& call,
                                                          const v1::GetPublicKeyRequest& request);
  absl::StatusOr<v1::BatchGetPublicKeyResponse> DoBatchGetPublicKey(
      const rpc::Call& call, const v1::BatchGetPublicKeyRequest& request);
  absl::StatusOr<v1::GenerateRandomBytesResponse> DoGenerateRandomBytes(
      const rpc::Call& call, const v1::GenerateRandomBytesRequest& request);

  rpc::Pipeline& pipeline_;
  KeyUser keys_;
};

}  // namespace kasbah::vault
