#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "services/vault/domain/key_lease.h"

namespace kasbah::vault {

// When the tenant should add a version.
struct SecretRotation {
  absl::Duration period;
  absl::Time next;
  std::string topic;
};

// What a caller may do with a secret.
enum class GrantLevel { kNone, kRead, kWrite };

struct Secret {
  SecretId id;
  std::string path;
  std::map<std::string, std::string> labels;
  uint32_t latest_version = 0;
  int64_t revision = 0;
  absl::Time created_at;
  std::optional<absl::Time> expires_at;
  std::optional<SecretRotation> rotation;
  absl::Duration destroy_delay = absl::Hours(24);
  std::optional<absl::Time> deleted_at;
  // When a deleted one goes for good.
  std::optional<absl::Time> purge_at;
  // Whether grants decide who may use it.
  bool is_restricted = false;
};

// How long a deleted secret can be had back.
inline constexpr absl::Duration kUndeleteWindow = absl::Hours(24 * 30);

struct SecretGrant {
  // usr_…, key_… or wkl_….
  std::string actor;
  bool can_write = false;
};

// The revision as callers see it.
std::string EtagOf(const Secret& secret);

struct SecretVersion {
  SecretId secret;
  uint32_t version = 0;
  uint32_t key_version = 0;
  std::string created_by;
  absl::Time created_at;
  std::optional<absl::Time> destroyed_at;
  std::optional<absl::Time> disabled_at;
  // Of a version whose destruction is scheduled.
  std::optional<absl::Time> destroy_at;
};

enum class VersionState { kEnabled, kDisabled, kDestroyScheduled, kDestroyed };
VersionState StateOf(const SecretVersion& version);

// What a request names a secret by: its id, or its path.
class SecretRef {
 public:
  // INVALID_FIELDS for text that is neither.
  static absl::StatusOr<SecretRef> Parse(std::string_view text);
  static SecretRef Of(SecretId id);
  const std::optional<SecretId>& id() const { return id_; }
  const std::optional<std::string>& path() const { return path_; }
  const std::string& text() const { return text_; }

 private:
  std::optional<SecretId> id_;
  std::optional<std::string> path_;
  std::string text_;
};

// Segments of letters, digits, "-", "_" and ".", joined by "/"; at most 255 bytes; not to be taken
// for an id.
absl::Status CheckSecretPath(std::string_view path);

// What every path below `prefix` ("prod", "prod/") begins with: "prod/"; empty for all.
std::string PathsBelow(std::string_view prefix);

// A version's payload under the tenant's "secrets" key, bound to tenant, secret and version, so
// that it opens in no other place of the database.
absl::StatusOr<std::string> SealPayload(const KeyLease& key, SecretId secret, uint32_t version,
                                        std::string_view payload);
absl::StatusOr<crypto::SecretBytes> OpenPayload(const KeyLease& key, SecretId secret,
                                                uint32_t version, std::string_view sealed);

// INVALID_FIELDS for an expiry that has passed, a rotation out of bounds (period an hour to ten
// years, next time ahead) or a delay of destruction over 90 days.
absl::Status CheckSettings(const Secret& secret, absl::Time now);

// ABORTED, ETAG_MISMATCH, for an etag of another revision; an empty one is any.
absl::Status CheckEtag(const Secret& secret, std::string_view etag);
// FAILED_PRECONDITION: SECRET_DELETED.
absl::Status CheckNotDeleted(const Secret& secret);
// FAILED_PRECONDITION: SECRET_DELETED, SECRET_EXPIRED.
absl::Status CheckLive(const Secret& secret, absl::Time now);
// FAILED_PRECONDITION: VERSION_DESTROYED, VERSION_DISABLED.
absl::Status CheckReadable(const SecretVersion& version);
absl::Status VersionDestroyed();
// PERMISSION_DENIED, SECRET_RESTRICTED.
absl::Status CheckGranted(GrantLevel granted, GrantLevel wanted);

}  // namespace kasbah::vault
