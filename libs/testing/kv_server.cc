#include "libs/testing/kv_server.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::testing {
namespace {

using nlohmann::json;

std::string Now() { return absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone()); }

http::Response Errors(int status, const json& errors) {
  return {.status = status,
          .content_type = "application/json",
          .body = json{{"errors", errors}}.dump() + "\n"};
}

http::Response Envelope(int status, const json& data) {
  const json body = {{"request_id", "8b1c1a2e-0000-4000-8000-000000000000"},
                     {"lease_id", ""},
                     {"renewable", false},
                     {"lease_duration", 0},
                     {"data", data},
                     {"wrap_info", nullptr},
                     {"warnings", nullptr},
                     {"auth", nullptr}};
  return {.status = status, .content_type = "application/json", .body = body.dump() + "\n"};
}

// Of the path of a URL.
std::string PercentDecode(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

std::string HeaderOf(const http::Request& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

}  // namespace

KvServer::KvServer() {
  auto server = http::Server::Start(
      "127.0.0.1:0", [this](const http::Request& request) { return Answer(request); });
  KASBAH_CHECK(server.ok());
  server_ = *std::move(server);
}

std::string KvServer::address() const { return StrCat("http://127.0.0.1:", server_->port()); }

void KvServer::Put(const std::string& path, const json& data) {
  const absl::MutexLock lock(&mutex_);
  Secret& secret = secrets_[path];
  secret.versions[++secret.current_version] = {
      .data = data, .created_time = Now(), .deletion_time = "", .destroyed = false};
}

void KvServer::Delete(const std::string& path, uint32_t version) {
  const absl::MutexLock lock(&mutex_);
  secrets_.at(path).versions.at(version).deletion_time = Now();
}

void KvServer::Destroy(const std::string& path, uint32_t version) {
  const absl::MutexLock lock(&mutex_);
  secrets_.at(path).versions.at(version).destroyed = true;
}

void KvServer::Prune(const std::string& path, uint32_t kept) {
  const absl::MutexLock lock(&mutex_);
  auto& versions = secrets_.at(path).versions;
  while (versions.size() > kept) versions.erase(versions.begin());
}

void KvServer::SetCustomMetadata(const std::string& path, const json& metadata) {
  const absl::MutexLock lock(&mutex_);
  secrets_.at(path).custom_metadata = metadata;
}

void KvServer::Remove(const std::string& path) {
  const absl::MutexLock lock(&mutex_);
  secrets_.erase(path);
}

void KvServer::SetOverride(Override override) {
  const absl::MutexLock lock(&mutex_);
  override_ = std::move(override);
}

int KvServer::reads() const {
  const absl::MutexLock lock(&mutex_);
  return reads_;
}

http::Response KvServer::Answer(const http::Request& request) {
  const absl::MutexLock lock(&mutex_);
  if (override_) {
    if (auto answer = override_(request)) return *std::move(answer);
  }
  if (HeaderOf(request, "x-vault-token") != kToken ||
      HeaderOf(request, "x-vault-namespace") != kNamespace) {
    return Errors(403, {"permission denied"});
  }
  if (request.method != "GET") return Errors(405, json::array());
  const size_t mark = request.target.find('?');
  const std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
  const std::string path = PercentDecode(request.target.substr(0, mark));
  if (absl::StartsWith(path, "/v1/secret/metadata/")) {
    const std::string name = path.substr(sizeof("/v1/secret/metadata/") - 1);
    return query == "list=true" ? List(name) : Metadata(name);
  }
  if (absl::StartsWith(path, "/v1/secret/data/")) {
    return Data(path.substr(sizeof("/v1/secret/data/") - 1), query);
  }
  return Errors(404,
                {StrCat("no handler for route \"", path.substr(4), "\". route entry not found.")});
}

http::Response KvServer::List(const std::string& folder) {
  const std::string below = folder.empty() || absl::EndsWith(folder, "/") ? folder : folder + "/";
  std::set<std::string> names;
  for (const auto& [path, secret] : secrets_) {
    if (!absl::StartsWith(path, below)) continue;
    const std::string rest = path.substr(below.size());
    names.insert(
        rest.substr(0, rest.find('/') == std::string::npos ? rest.size() : rest.find('/') + 1));
  }
  if (names.empty()) return Errors(404, json::array());
  return Envelope(200, {{"keys", names}});
}

http::Response KvServer::Metadata(const std::string& path) {
  const auto found = secrets_.find(path);
  if (found == secrets_.end()) return Errors(404, json::array());
  const Secret& secret = found->second;
  json versions = json::object();
  for (const auto& [number, version] : secret.versions) {
    versions[std::to_string(number)] = {{"created_time", version.created_time},
                                        {"deletion_time", version.deletion_time},
                                        {"destroyed", version.destroyed}};
  }
  const uint32_t oldest = secret.versions.begin()->first;
  return Envelope(200, {{"cas_required", false},
                        {"created_time", secret.versions.begin()->second.created_time},
                        {"current_version", secret.current_version},
                        {"custom_metadata", secret.custom_metadata},
                        {"delete_version_after", "0s"},
                        {"max_versions", 0},
                        // As the server: 0 while nothing was pruned.
                        {"oldest_version", oldest == 1 ? 0 : oldest},
                        {"updated_time", secret.versions.rbegin()->second.created_time},
                        {"versions", versions}});
}

http::Response KvServer::Data(const std::string& path, const std::string& query) {
  ++reads_;
  const auto found = secrets_.find(path);
  uint32_t number = 0;
  if (!absl::SimpleAtoi(absl::StripPrefix(query, "version="), &number)) {
    return Errors(400, {"error converting input for field \"version\""});
  }
  if (found == secrets_.end() || !found->second.versions.contains(number)) {
    return Errors(404, json::array());
  }
  const Version& version = found->second.versions.at(number);
  const bool is_gone = version.destroyed || !version.deletion_time.empty();
  return Envelope(is_gone ? 404 : 200, {{"data", is_gone ? json() : version.data},
                                        {"metadata",
                                         {{"created_time", version.created_time},
                                          {"custom_metadata", found->second.custom_metadata},
                                          {"deletion_time", version.deletion_time},
                                          {"destroyed", version.destroyed},
                                          {"version", number}}}});
}

}  // namespace kasbah::testing
