#include "cli/import/kv_secret_copy.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "cli/import/patience.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::cli {
namespace {

using vault::v1::Secret;
using vault::v1::SecretVersion;

// Of the protos.
constexpr size_t kLargestPayload = 65'536;
constexpr size_t kMostLabels = 64;
// More versions than this that are gone before the first that is there are left out.
constexpr uint32_t kMostLeadingPlaceholders = 100;
constexpr char kPlaceholder[] =
    "Kasbah: this version had no value any more where it was imported from.";

// A version that has to be added.
struct Missing {
  uint32_t source_version = 0;
  std::optional<std::string> payload;
};

absl::Status Refused(std::string_view why) { return absl::FailedPreconditionError(ToAbsl(why)); }

class Copy {
 public:
  Copy(const KvSecret& secret, const KvTarget& target, const KvImportOptions& options)
      : secret_(secret), target_(target), options_(options) {
    result_.source = secret.source;
    result_.path = secret.path;
  }
  ~Copy() {
    for (Missing& version : missing_) {
      if (version.payload) crypto::Wipe(*version.payload);
    }
  }

  KvResult Run() {
    const absl::Status done = CopyAll();
    if (!done.ok()) {
      result_.outcome = KvResult::Outcome::kRefused;
      result_.problem = std::string(done.message());
    }
    return std::move(result_);
  }

 private:
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Call(const std::function<absl::StatusOr<Reply>(const Request&)>& method,
                             const Request& request) {
    return Patiently(options_.patience, [&] { return method(request); });
  }

  absl::Status CopyAll() {
    const uint32_t first = FirstLive();
    if (first == 0) {
      result_.notes.push_back("every version is deleted or destroyed");
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const bool exists, FindExisting());
    if (!exists && first > kMostLeadingPlaceholders) {
      offset_ = first - 1;
      result_.notes.push_back(StrCat("version ", first, " becomes 1: those before are gone"));
    }
    const uint32_t last = secret_.metadata.current_version - offset_;
    if (there_.latest_version() > 0) RETURN_IF_ERROR(CompareLatest(last));
    RETURN_IF_ERROR(ReadMissing(last));
    if (!exists) {
      RETURN_IF_ERROR(Create());
    }
    for (const Missing& version : missing_) RETURN_IF_ERROR(Add(version));
    return absl::OkStatus();
  }

  uint32_t FirstLive() const {
    for (const auto& [number, version] : secret_.metadata.versions) {
      if (!version.is_gone) return number;
    }
    return 0;
  }

  bool IsGone(uint32_t source_version) const {
    const auto found = secret_.metadata.versions.find(source_version);
    return found == secret_.metadata.versions.end() || found->second.is_gone;
  }

  // Whether the secret is in Kasbah, by an import of the same source.
  absl::StatusOr<bool> FindExisting() {
    vault::v1::GetSecretRequest request;
    request.set_secret(secret_.path);
    absl::StatusOr<Secret> found = Call(target_.get, request);
    if (absl::IsNotFound(found.status())) return false;
    RETURN_IF_ERROR(found.status());
    there_ = *std::move(found);
    const auto origin = there_.labels().find(kImportedFrom);
    if (origin == there_.labels().end() || origin->second != secret_.source) {
      return Refused("there is a secret of this path that was not imported from here; use --to");
    }
    if (there_.has_delete_time()) return Refused("it was deleted in Kasbah; undelete it first");
    const auto offset = there_.labels().find(kImportedOffset);
    if (offset != there_.labels().end() && (!absl::SimpleAtoi(offset->second, &offset_) ||
                                            offset_ >= secret_.metadata.current_version)) {
      return Refused(StrCat("its label ", kImportedOffset, " was changed"));
    }
    return true;
  }

  // Numbers say little: somebody may have added a version in Kasbah, or the source may have been
  // made anew. And a placeholder that was added may have been left there by a crash.
  absl::Status CompareLatest(uint32_t last) {
    const uint32_t latest = there_.latest_version();
    if (latest > last) {
      return Refused(StrCat("Kasbah has version ", latest, " and the source ", last,
                            ": it was changed in Kasbah, or made anew at the source"));
    }
    vault::v1::AccessSecretVersionRequest request;
    request.set_secret(there_.secret_id());
    request.set_version(latest);
    absl::StatusOr<vault::v1::AccessSecretVersionResponse> reply = Call(target_.access, request);
    const std::string why = ReasonOf(reply.status());
    if (why == "VERSION_DESTROYED" || why == "VERSION_DISABLED") return absl::OkStatus();
    RETURN_IF_ERROR(reply.status());
    std::string& payload = *reply->mutable_payload();
    absl::Status status;
    if (payload == kPlaceholder) {
      status = DestroyPlaceholder(latest);
    } else {
      absl::StatusOr<std::optional<std::string>> theirs = std::optional<std::string>();
      if (!IsGone(latest + offset_)) theirs = secret_.payload(latest + offset_);
      status = theirs.status();
      if (status.ok() && *theirs && !crypto::ConstantTimeEquals(**theirs, payload)) {
        status = Refused(StrCat("version ", latest,
                                " has another value in Kasbah: it was changed there, or made anew "
                                "at the source"));
      }
      if (theirs.ok() && *theirs) crypto::Wipe(**theirs);
    }
    crypto::Wipe(payload);
    return status;
  }

  // All before the first is written: a secret is not begun that cannot be finished.
  absl::Status ReadMissing(uint32_t last) {
    for (uint32_t version = there_.latest_version() + 1; version <= last; ++version) {
      Missing missing;
      missing.source_version = version + offset_;
      if (!IsGone(missing.source_version)) {
        ASSIGN_OR_RETURN(missing.payload, secret_.payload(missing.source_version));
      }
      if (missing.payload && missing.payload->empty()) {
        return Refused(
            StrCat("version ", missing.source_version,
                   " is empty, which no secret can be; import this path without --split"));
      }
      if (missing.payload && missing.payload->size() > kLargestPayload) {
        return Refused(StrCat("version ", missing.source_version, " has ", missing.payload->size(),
                              " bytes, and a secret 65536 at the most; destroy the version at the "
                              "source, or try --split"));
      }
      missing_.push_back(std::move(missing));
      if (options_.dry_run) Record(missing_.back(), version);
    }
    return absl::OkStatus();
  }

  void Record(const Missing& missing, uint32_t version) {
    const auto found = secret_.metadata.versions.find(missing.source_version);
    result_.versions.push_back(
        {missing.source_version, version,
         found == secret_.metadata.versions.end() ? "" : found->second.created_time,
         !missing.payload.has_value()});
    if (result_.outcome == KvResult::Outcome::kUnchanged) {
      result_.outcome = KvResult::Outcome::kExtended;
    }
  }

  // The same for the same write, so that a call whose answer was lost is not done twice.
  std::string RequestId(uint32_t source_version) const {
    const auto found = secret_.metadata.versions.find(source_version);
    const std::string created =
        found == secret_.metadata.versions.end() ? "" : found->second.created_time;
    return crypto::Hex(
        crypto::Sha256(StrCat("kasbah vault import\n", secret_.source, "\n", secret_.path, "\n",
                              there_.secret_id(), "\n", source_version, "\n", created)));
  }

  void FillLabels(Secret* secret) {
    auto& labels = *secret->mutable_labels();
    labels[kImportedFrom] = secret_.source;
    if (offset_ > 0) labels[kImportedOffset] = StrCat(offset_);
    for (const auto& [name, value] : secret_.metadata.custom_metadata) {
      const char* why = nullptr;
      if (name.empty() || name == kImportedFrom || name == kImportedOffset) {
        why = "its name is taken";
      } else if ((name + value).find('\0') != std::string::npos) {
        why = "it holds a zero byte";
      } else if (labels.size() >= kMostLabels) {
        why = "a secret has 64 labels at the most";
      }
      if (why == nullptr) {
        labels[name] = value;
      } else {
        result_.notes.push_back(StrCat("custom metadata '", name, "' left out: ", why));
      }
    }
  }

  absl::Status Create() {
    vault::v1::CreateSecretRequest request;
    Secret labelled;
    FillLabels(&labelled);
    request.set_path(secret_.path);
    *request.mutable_labels() = labelled.labels();
    request.set_request_id(RequestId(0));
    result_.outcome = KvResult::Outcome::kCreated;
    if (options_.dry_run) return absl::OkStatus();
    ASSIGN_OR_RETURN(there_, Call(target_.create, request));
    return absl::OkStatus();
  }

  absl::Status Add(const Missing& missing) {
    if (options_.dry_run) return absl::OkStatus();
    // Read again for its etag: so a version that somebody adds meanwhile does not take our number.
    vault::v1::GetSecretRequest get;
    get.set_secret(there_.secret_id());
    ASSIGN_OR_RETURN(const Secret now, Call(target_.get, get));
    const uint32_t version = missing.source_version - offset_;
    if (now.latest_version() + 1 != version) {
      return Refused("it was changed in Kasbah meanwhile; run the import again");
    }
    vault::v1::AddSecretVersionRequest request;
    request.set_secret(there_.secret_id());
    request.set_etag(now.etag());
    request.set_payload(missing.payload.value_or(kPlaceholder));
    request.set_payload_crc32c(crypto::Crc32c(request.payload()));
    request.set_request_id(RequestId(missing.source_version));
    const absl::StatusOr<SecretVersion> added = Call(target_.add, request);
    crypto::Wipe(*request.mutable_payload());
    RETURN_IF_ERROR(added.status());
    if (added->version() != version) {
      return Refused("it was changed in Kasbah meanwhile; run the import again");
    }
    Record(missing, version);
    return missing.payload ? absl::OkStatus() : DestroyPlaceholder(version);
  }

  absl::Status DestroyPlaceholder(uint32_t version) {
    if (options_.dry_run) return absl::OkStatus();
    vault::v1::DestroySecretVersionRequest request;
    request.set_secret(there_.secret_id());
    request.set_version(version);
    request.set_immediately(true);
    const absl::Status status = Call(target_.destroy, request).status();
    // Where the first answer was lost.
    return ReasonOf(status) == "VERSION_DESTROYED" ? absl::OkStatus() : status;
  }

  const KvSecret& secret_;
  const KvTarget& target_;
  const KvImportOptions& options_;
  KvResult result_;
  // As it is in Kasbah; without an id when it is not.
  Secret there_;
  uint32_t offset_ = 0;
  std::vector<Missing> missing_;
};

}  // namespace

KvResult CopyKvSecret(const KvSecret& secret, const KvTarget& target,
                      const KvImportOptions& options) {
  return Copy(secret, target, options).Run();
}

}  // namespace kasbah::cli
