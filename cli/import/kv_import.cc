#include "cli/import/kv_import.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/import/kv_json.h"
#include "cli/import/kv_paths.h"
#include "cli/import/kv_secret_copy.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::cli {
namespace {

using nlohmann::json;

KvResult RefusedResult(std::string source, std::string path, const absl::Status& status) {
  KvResult result;
  result.source = std::move(source);
  result.path = std::move(path);
  result.outcome = KvResult::Outcome::kRefused;
  result.problem = std::string(status.message());
  return result;
}

absl::Status Taken(const std::vector<std::string>& rivals) {
  return absl::AlreadyExistsError(
      StrCat("it would get the same path as ", absl::StrJoin(rivals, ", ")));
}

// A text as it is; anything else as JSON.
std::string PayloadOf(const json& value) {
  return value.is_string() ? value.get<std::string>() : CanonicalJson(value);
}

// All live versions of one secret, for its keys to be taken from.
class SplitVersions {
 public:
  absl::Status Read(KvSource& source, const std::string& path, const KvMetadata& metadata) {
    for (const auto& [number, version] : metadata.versions) {
      if (version.is_gone) continue;
      ASSIGN_OR_RETURN(std::optional<json> data, source.Read(path, number));
      if (data) versions_[number] = *std::move(data);
    }
    return absl::OkStatus();
  }
  ~SplitVersions() {
    for (auto& [number, data] : versions_) WipeJson(data);
  }

  std::set<std::string> Keys() const {
    std::set<std::string> keys;
    for (const auto& [number, data] : versions_) {
      for (const auto& [key, value] : data.items()) keys.insert(key);
    }
    return keys;
  }
  bool Has(uint32_t version, const std::string& key) const {
    const auto found = versions_.find(version);
    return found != versions_.end() && found->second.contains(key);
  }
  std::optional<std::string> Payload(uint32_t version, const std::string& key) const {
    if (!Has(version, key)) return std::nullopt;
    return PayloadOf(versions_.at(version)[key]);
  }

 private:
  std::map<uint32_t, json> versions_;
};

class KvImporter {
 public:
  KvImporter(KvSource& source, const KvTarget& target, const KvImportOptions& options)
      : source_(source), target_(target), options_(options) {}

  absl::StatusOr<KvReport> Run() {
    ASSIGN_OR_RETURN(
        const std::vector<std::string> paths,
        source_.Walk(options_.path, [&](const std::string& folder, const absl::Status& status) {
          Report(RefusedResult(source_.Prefix() + folder, "", status));
        }));
    if (paths.empty() && report_.results.empty()) {
      return absl::NotFoundError(StrCat("there are no secrets in ", source_.Prefix(), options_.path,
                                        "; is the mount a KV of version 2, and --path right?"));
    }
    for (const std::string& path : paths) {
      const absl::StatusOr<std::string> target = TargetOf(path);
      if (target.ok()) claims_.Add(path, *target, *target == WithPrefix(path));
    }
    size_t done = 0;
    for (const std::string& path : paths) {
      ImportOne(path);
      if (options_.on_progress) options_.on_progress(++done, paths.size());
    }
    return std::move(report_);
  }

 private:
  std::string WithPrefix(const std::string& path) const {
    return options_.to.empty() ? path : StrCat(options_.to, "/", path);
  }
  absl::StatusOr<std::string> TargetOf(const std::string& path) const {
    return ToSecretPath(WithPrefix(path));
  }
  void Report(KvResult result) {
    if (options_.on_result) options_.on_result(result);
    report_.results.push_back(std::move(result));
  }

  void ImportOne(const std::string& path) {
    const std::string source = source_.Prefix() + path;
    const absl::StatusOr<std::string> target = TargetOf(path);
    if (!target.ok()) return Report(RefusedResult(source, "", target.status()));
    const std::vector<std::string> rivals = claims_.Rivals(path, *target);
    if (!rivals.empty()) return Report(RefusedResult(source, *target, Taken(rivals)));
    const absl::StatusOr<std::optional<KvMetadata>> metadata = source_.Metadata(path);
    if (!metadata.ok()) return Report(RefusedResult(source, *target, metadata.status()));
    // Removed since it was listed.
    if (!*metadata) return;
    if (options_.split) return Split(path, *target, **metadata);
    KvSecret secret{.source = source, .path = *target, .metadata = **metadata, .payload = {}};
    secret.payload = [&](uint32_t version) -> absl::StatusOr<std::optional<std::string>> {
      ASSIGN_OR_RETURN(std::optional<json> data, source_.Read(path, version));
      if (!data) return std::nullopt;
      std::string text = CanonicalJson(*data);
      WipeJson(*data);
      return text;
    };
    Report(CopyKvSecret(secret, target_, options_));
  }

  void Split(const std::string& path, const std::string& target, const KvMetadata& metadata) {
    SplitVersions versions;
    const std::string source = source_.Prefix() + path;
    const absl::Status read = versions.Read(source_, path, metadata);
    if (!read.ok()) return Report(RefusedResult(source, target, read));
    PathClaims claims;
    std::map<std::string, std::string> targets;
    for (const std::string& key : versions.Keys()) {
      const std::string segment = absl::StrReplaceAll(key, {{"/", "-"}});
      const absl::StatusOr<std::string> whole = ToSecretPath(StrCat(target, "/", segment));
      if (!whole.ok() || key.empty()) {
        Report(RefusedResult(
            StrCat(source, "#", key), "",
            key.empty() ? absl::InvalidArgumentError("the key is empty") : whole.status()));
        continue;
      }
      targets[key] = *whole;
      claims.Add(key, *whole, *whole == StrCat(target, "/", key));
    }
    for (const auto& [key, whole] : targets) {
      const std::vector<std::string> rivals = claims.Rivals(key, whole);
      if (!rivals.empty()) {
        Report(RefusedResult(StrCat(source, "#", key), whole, Taken(rivals)));
        continue;
      }
      KvSecret secret{
          .source = StrCat(source, "#", key), .path = whole, .metadata = metadata, .payload = {}};
      for (auto& [number, version] : secret.metadata.versions) {
        version.is_gone = !versions.Has(number, key);
      }
      secret.payload = [&versions, &key = key](uint32_t version) {
        return absl::StatusOr<std::optional<std::string>>(versions.Payload(version, key));
      };
      Report(CopyKvSecret(secret, target_, options_));
    }
  }

  KvSource& source_;
  const KvTarget& target_;
  const KvImportOptions& options_;
  PathClaims claims_;
  KvReport report_;
};

}  // namespace

size_t KvReport::Count(KvResult::Outcome outcome) const {
  return static_cast<size_t>(
      std::count_if(results.begin(), results.end(),
                    [outcome](const KvResult& result) { return result.outcome == outcome; }));
}

absl::StatusOr<KvReport> ImportKv(KvSource& source, const KvTarget& target,
                                  const KvImportOptions& options) {
  return KvImporter(source, target, options).Run();
}

}  // namespace kasbah::cli
