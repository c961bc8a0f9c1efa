#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::tenantdata {

// The vault's key of this service that seals the keys of files.
inline constexpr std::string_view kFilesKey = "files";

// What a file's key is bound to.
std::map<std::string, std::string> FileContext(FileId file);

// The keys of files: one each, made by the vault and kept sealed. Thread safe.
//
// Errors: UNAVAILABLE and the like as the vault gave them; anything else is a fault of ours.
class DataKeys {
 public:
  // A channel to the vault.
  explicit DataKeys(std::shared_ptr<grpc::Channel> channel);

  struct Made {
    crypto::SecretBytes key;
    std::string sealed;
  };
  // `subject` may be empty, as in the vault's GenerateDataKeyRequest.
  absl::StatusOr<Made> Make(const CallContext& call, FileId file, const std::string& subject);
  // DATA_LOSS, FILE_CORRUPT, where it does not open: the key or the subject was shredded.
  absl::StatusOr<crypto::SecretBytes> Open(const CallContext& call, FileId file,
                                           const std::string& subject, const std::string& sealed);

 private:
  std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
};

// What is stored is not what was uploaded, or can be opened no more.
absl::Status FileCorrupt();

}  // namespace kasbah::tenantdata
