#include "services/tenant_data/files/data_keys.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/domain/vault_refusal.h"

namespace kasbah::tenantdata {
namespace {

using vault::v1::CryptoService;

constexpr absl::Duration kPatience = absl::Seconds(10);

// A stream's call may have no deadline: the vault's answer is not waited for that long.
CallContext Bounded(const CallContext& call) {
  CallContext bounded = call;
  bounded.deadline = std::min(call.deadline, absl::Now() + kPatience);
  return bounded;
}

crypto::SecretBytes Kept(std::string* plaintext) {
  crypto::SecretBytes key = crypto::SecretBytes::Copy(*plaintext);
  crypto::Wipe(*plaintext);
  return key;
}

}  // namespace

std::map<std::string, std::string> FileContext(FileId file) { return {{"file", file.ToString()}}; }

absl::Status FileCorrupt() {
  return Error(absl::StatusCode::kDataLoss, "FILE_CORRUPT",
               "what is stored is not what was uploaded, or its key is gone");
}

DataKeys::DataKeys(std::shared_ptr<grpc::Channel> channel)
    : vault_(CryptoService::NewStub(std::move(channel))) {}

absl::StatusOr<DataKeys::Made> DataKeys::Make(const CallContext& call, FileId file,
                                              const std::string& subject) {
  vault::v1::GenerateDataKeyRequest request;
  request.set_key(std::string(kFilesKey));
  request.set_subject(subject);
  for (const auto& [name, value] : FileContext(file)) (*request.mutable_context())[name] = value;
  absl::StatusOr<vault::v1::GenerateDataKeyResponse> made =
      rpc::Invoke(Bounded(call), *vault_, &CryptoService::Stub::GenerateDataKey, request);
  if (!made.ok()) return FromVault(made.status());
  return Made{Kept(made->mutable_plaintext()), std::move(*made->mutable_ciphertext())};
}

absl::StatusOr<crypto::SecretBytes> DataKeys::Open(const CallContext& call, FileId file,
                                                   const std::string& subject,
                                                   const std::string& sealed) {
  vault::v1::DecryptRequest request;
  request.set_key(std::string(kFilesKey));
  request.set_ciphertext(sealed);
  request.set_subject(subject);
  for (const auto& [name, value] : FileContext(file)) (*request.mutable_context())[name] = value;
  absl::StatusOr<vault::v1::DecryptResponse> opened =
      rpc::Invoke(Bounded(call), *vault_, &CryptoService::Stub::Decrypt, request);
  if (opened.ok()) return Kept(opened->mutable_plaintext());
  const std::string reason = ReasonOf(opened.status());
  if (reason == "OPEN_FAILED" || reason == kKeyShredded) {
    return FileCorrupt();
  }
  return FromVault(opened.status());
}

}  // namespace kasbah::tenantdata
