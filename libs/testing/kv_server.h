#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/http/server.h"
#include <nlohmann/json.hpp>

namespace kasbah::testing {

// A secrets engine KV version 2 at "secret/", in namespace "team", for one token: the part of the
// HTTP API of HashiCorp Vault and OpenBao that readers need, with its statuses and bodies. Paths,
// versions and answers follow OpenBao's website/content/api-docs/secret/kv/kv-v2.mdx. Thread safe.
class KvServer {
 public:
  static constexpr char kToken[] = "s.canary-token-5Vq";
  static constexpr char kNamespace[] = "team";

  KvServer();
  std::string address() const;

  void Put(const std::string& path, const nlohmann::json& data);
  // Can be had back at the server; not read.
  void Delete(const std::string& path, uint32_t version);
  void Destroy(const std::string& path, uint32_t version);
  // Forgets all versions but the newest `kept`, as max_versions does.
  void Prune(const std::string& path, uint32_t kept);
  void SetCustomMetadata(const std::string& path, const nlohmann::json& metadata);
  // All of it, as `kv metadata delete`.
  void Remove(const std::string& path);

  // Answers instead of the server where it returns one; null for none.
  using Override = std::function<std::optional<http::Response>(const http::Request&)>;
  void SetOverride(Override override);
  // Requests for values so far.
  int reads() const;

 private:
  struct Version {
    nlohmann::json data;
    std::string created_time;
    std::string deletion_time;
    bool destroyed = false;
  };
  struct Secret {
    std::map<uint32_t, Version> versions;
    uint32_t current_version = 0;
    nlohmann::json custom_metadata = nullptr;
  };
  http::Response Answer(const http::Request& request);
  http::Response List(const std::string& folder) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  http::Response Metadata(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  http::Response Data(const std::string& path, const std::string& query)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, Secret> secrets_ ABSL_GUARDED_BY(mutex_);
  Override override_ ABSL_GUARDED_BY(mutex_);
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kasbah::testing
