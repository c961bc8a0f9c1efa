#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <nlohmann/json.hpp>

namespace kasbah::http {
class Client;
}

namespace kasbah::cli {

struct KvSourceOptions {
  // https://vault.example.com:8200; http on loopback only.
  std::string address;
  // PEM file of roots to trust instead of the system's; may be empty.
  std::string ca_file;
  std::string token;
  // X-Vault-Namespace; may be empty.
  std::string name_space;
  std::string mount = "secret";
  // For how long a request is repeated while the server is away, busy, or answers what cannot be.
  absl::Duration patience = absl::Seconds(60);
  // Of one request.
  absl::Duration timeout = absl::Seconds(30);
};

struct KvVersion {
  // As the server writes it, RFC 3339.
  std::string created_time;
  // Deleted or destroyed: there is no value to be read.
  bool is_gone = false;
};

struct KvMetadata {
  // From the oldest that is kept to the current one, without gaps.
  std::map<uint32_t, KvVersion> versions;
  uint32_t current_version = 0;
  std::map<std::string, std::string> custom_metadata;
};

// A secrets engine KV version 2 of HashiCorp Vault or OpenBao, read over HTTP. Whatever comes from
// the server is checked: it may be no such server, or a proxy before it. Errors carry the server's
// own words, never the token or a value.
class KvSource {
 public:
  // INVALID_ARGUMENT for an address that is none or would carry the token in clear text.
  static absl::StatusOr<std::unique_ptr<KvSource>> Create(KvSourceOptions options);
  ~KvSource();

  // Every secret's path, in order: `path` itself if it is one, and all below it. A folder that
  // cannot be listed goes to `on_refused`; PERMISSION_DENIED when that is the first.
  using OnRefused = std::function<void(const std::string& folder, const absl::Status&)>;
  absl::StatusOr<std::vector<std::string>> Walk(const std::string& path,
                                                const OnRefused& on_refused);

  // Unset when there is no such secret.
  absl::StatusOr<std::optional<KvMetadata>> Metadata(const std::string& path);

  // A version's keys and values. Unset when it is deleted or destroyed.
  absl::StatusOr<std::optional<nlohmann::json>> Read(const std::string& path, uint32_t version);

  // "team/secret/": namespace and mount, which a path is relative to.
  std::string Prefix() const;

 private:
  // The body of 200 or 404, as JSON.
  struct Answer {
    bool found = false;
    nlohmann::json body;
  };
  KvSource(KvSourceOptions options, std::unique_ptr<http::Client> client);
  absl::StatusOr<Answer> Get(std::string_view kind, const std::string& path,
                             const std::string& query);
  absl::StatusOr<Answer> GetOnce(const std::string& url);
  // What the server says, without what it must not say and terminals must not see.
  std::string Reason(int status, const nlohmann::json& body) const;
  // Names in a folder; those of folders end in "/".
  absl::StatusOr<std::vector<std::string>> List(const std::string& folder);

  KvSourceOptions options_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace kasbah::cli
