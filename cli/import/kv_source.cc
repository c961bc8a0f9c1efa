#include "cli/import/kv_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/import/kv_json.h"
#include "cli/import/patience.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_bytes.h"
#include "libs/http/client.h"
#include "libs/http/url.h"

namespace kasbah::cli {
namespace {

using nlohmann::json;

constexpr size_t kLargestAnswer = 32 << 20;
constexpr size_t kDeepestFolder = 64;
constexpr size_t kMostSecrets = 1'000'000;
constexpr size_t kLongestWords = 200;

bool IsLoopback(const std::string& host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

// RFC 3986: all but unreserved characters, "/" left alone.
std::string PercentEncode(std::string_view path) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || std::string_view("-_.~/").find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return text;
}

// A name in a folder that can be asked for: a server that says ".." leads elsewhere.
bool IsName(std::string_view name) {
  if (absl::EndsWith(ToAbsl(name), "/")) name.remove_suffix(1);
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status Wrong(std::string_view what) {
  return absl::DataLossError(ToAbsl(StrCat("an answer that no KV version 2 gives: ", what)));
}

absl::StatusOr<KvMetadata> ToMetadata(const json& data) {
  if (!data.is_object() || !data.contains("versions") || !data["versions"].is_object() ||
      !data.contains("current_version") || !data["current_version"].is_number_unsigned()) {
    return Wrong("metadata without versions");
  }
  KvMetadata metadata;
  if (data["current_version"] > UINT32_MAX) return Wrong("a version beyond 32 bits");
  metadata.current_version = data["current_version"].get<uint32_t>();
  for (const auto& [text, entry] : data["versions"].items()) {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(text, &number) || number == 0 || !entry.is_object()) {
      return Wrong("a version without a number");
    }
    KvVersion version;
    const auto text_of = [&entry = entry](const char* name) {
      return entry.contains(name) && entry[name].is_string() ? entry[name].get<std::string>() : "";
    };
    version.created_time = text_of("created_time");
    // A time ahead: to be deleted by itself, and still there.
    absl::Time deleted;
    const std::string deletion = text_of("deletion_time");
    const bool is_deleted =
        !deletion.empty() && (!absl::ParseTime(absl::RFC3339_full, deletion, &deleted, nullptr) ||
                              deleted <= absl::Now());
    const bool is_destroyed = entry.contains("destroyed") && entry["destroyed"] == true;
    version.is_gone = is_deleted || is_destroyed;
    metadata.versions[number] = version;
  }
  const bool is_whole = metadata.versions.empty()
                            ? metadata.current_version == 0
                            : metadata.versions.rbegin()->first == metadata.current_version &&
                                  metadata.current_version - metadata.versions.begin()->first + 1 ==
                                      metadata.versions.size();
  if (!is_whole) return Wrong("versions with gaps");
  if (data.contains("custom_metadata") && data["custom_metadata"].is_object()) {
    for (const auto& [name, value] : data["custom_metadata"].items()) {
      if (!value.is_string()) return Wrong("custom metadata that is no text");
      metadata.custom_metadata[name] = value.get<std::string>();
    }
  }
  return metadata;
}

}  // namespace

KvSource::KvSource(KvSourceOptions options, std::unique_ptr<http::Client> client)
    : options_(std::move(options)), client_(std::move(client)) {}

KvSource::~KvSource() { crypto::Wipe(options_.token); }

absl::StatusOr<std::unique_ptr<KvSource>> KvSource::Create(KvSourceOptions options) {
  while (absl::EndsWith(options.address, "/")) options.address.pop_back();
  const absl::StatusOr<http::Url> url = http::ParseUrl(options.address, {.allow_http = true});
  if (!url.ok()) {
    return absl::InvalidArgumentError(
        StrCat("--address has to be a URL such as https://vault.example.com:8200: ",
               FromAbsl(url.status().message())));
  }
  if (url->scheme != "https" && !IsLoopback(url->host)) {
    return absl::InvalidArgumentError(
        "--address has to be https: the token and the secrets would travel in clear text");
  }
  options.mount = std::string(absl::StripPrefix(options.mount, "/"));
  while (absl::EndsWith(options.mount, "/")) options.mount.pop_back();
  if (options.mount.empty()) return absl::InvalidArgumentError("--mount must not be empty");
  if (options.token.empty()) return absl::InvalidArgumentError("the token is empty");
  http::ClientOptions client_options;
  // The operator names the address, which may well be within a private network.
  ASSIGN_OR_RETURN(client_options.guard, http::AddressGuard::Create({"0.0.0.0/0", "::/0"}));
  client_options.allow_http = url->scheme == "http";
  client_options.ca_file = options.ca_file;
  client_options.max_connections = 2;
  ASSIGN_OR_RETURN(std::unique_ptr<http::Client> client,
                   http::Client::Create(std::move(client_options)));
  return std::unique_ptr<KvSource>(new KvSource(std::move(options), std::move(client)));
}

std::string KvSource::Prefix() const {
  return StrCat(options_.name_space, options_.name_space.empty() ? "" : "/", options_.mount, "/");
}

std::string KvSource::Reason(int status, const json& body) const {
  std::string words;
  if (body.is_object() && body.contains("errors") && body["errors"].is_array()) {
    for (const json& error : body["errors"]) {
      if (error.is_string()) words += (words.empty() ? "" : "; ") + error.get<std::string>();
    }
  }
  // It knows the token, and might say it.
  words = absl::StrReplaceAll(words, {{options_.token, "(token)"}});
  for (char& c : words) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  if (words.size() > kLongestWords) words.resize(kLongestWords);
  return words.empty() ? StrCat("answered ", status) : StrCat("answered ", status, ": ", words);
}

absl::StatusOr<KvSource::Answer> KvSource::GetOnce(const std::string& url) {
  http::ClientRequest request{
      .url = url,
      .headers = {{"x-vault-token", options_.token}, {"x-vault-request", "true"}},
      .timeout = options_.timeout,
      .max_response_bytes = kLargestAnswer};
  if (!options_.name_space.empty()) {
    request.headers.emplace_back("x-vault-namespace", options_.name_space);
  }
  ASSIGN_OR_RETURN(http::ClientResponse response, client_->SendAndWait(std::move(request)));
  absl::StatusOr<json> body = ParseServerJson(response.body);
  crypto::Wipe(response.body);
  const int status = response.status;
  if (status == 200 || status == 404) {
    if (!body.ok()) {
      if (absl::IsOutOfRange(body.status())) return body.status();
      return Wrong(
          StrCat("status ", status, " with a body that is ", FromAbsl(body.status().message())));
    }
    // A mount that is not there says so; a path that is not there says nothing.
    const bool says_why = body->is_object() && body->contains("errors") &&
                          body->at("errors").is_array() && !body->at("errors").empty();
    if (status == 404 && says_why) return absl::NotFoundError(ToAbsl(Reason(status, *body)));
    return Answer{status == 200, *std::move(body)};
  }
  const json words = body.ok() ? *body : json();
  if (status >= 300 && status < 400) {
    return absl::FailedPreconditionError(
        "the server sends elsewhere, where the token is not sent on; name the active server with "
        "--address");
  }
  if (status == 401 || status == 403) return absl::PermissionDeniedError(Reason(status, words));
  // 412: a standby that has not caught up; 472, 473: one that does not answer; 503: sealed.
  if (status == 412 || status == 429 || status == 472 || status == 473 || status >= 500) {
    return absl::UnavailableError(Reason(status, words));
  }
  return absl::FailedPreconditionError(Reason(status, words));
}

absl::StatusOr<KvSource::Answer> KvSource::Get(std::string_view kind, const std::string& path,
                                               const std::string& query) {
  const std::string url = StrCat(options_.address, "/v1/", PercentEncode(options_.mount), "/", kind,
                                 "/", PercentEncode(path), query);
  absl::StatusOr<Answer> answer = Patiently(options_.patience, [&] { return GetOnce(url); });
  if (answer.ok()) return answer;
  return absl::Status(answer.status().code(),
                      StrCat(Prefix(), path, ": ", FromAbsl(answer.status().message())));
}

absl::StatusOr<std::vector<std::string>> KvSource::List(const std::string& folder) {
  ASSIGN_OR_RETURN(const Answer answer, Get("metadata", folder, "?list=true"));
  std::vector<std::string> names;
  if (!answer.found) return names;
  const json& body = answer.body;
  if (!body.is_object() || !body.contains("data") || !body["data"].is_object() ||
      !body["data"].contains("keys") || !body["data"]["keys"].is_array()) {
    return Wrong("a list without keys");
  }
  for (const json& name : body["data"]["keys"]) {
    if (!name.is_string() || !IsName(name.get<std::string>())) return Wrong("a name that is none");
    names.push_back(name.get<std::string>());
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> KvSource::Walk(const std::string& path,
                                                        const OnRefused& on_refused) {
  std::string root(absl::StripSuffix(absl::StripPrefix(path, "/"), "/"));
  std::set<std::string> found;
  if (!root.empty()) {
    ASSIGN_OR_RETURN(const std::optional<KvMetadata> secret, Metadata(root));
    if (secret) found.insert(root);
    root += "/";
  }
  std::vector<std::string> folders{root};
  bool is_first = true;
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    const absl::StatusOr<std::vector<std::string>> names = List(folder);
    if (!names.ok()) {
      if (is_first) return names.status();
      on_refused(folder, names.status());
      continue;
    }
    is_first = false;
    for (const std::string& name : *names) {
      const std::string whole = folder + name;
      if (!absl::EndsWith(name, "/")) {
        found.insert(whole);
      } else if (static_cast<size_t>(std::count(whole.begin(), whole.end(), '/')) >
                 kDeepestFolder) {
        on_refused(whole, absl::FailedPreconditionError("folders too deep"));
      } else {
        folders.push_back(whole);
      }
    }
    if (found.size() + folders.size() > kMostSecrets) {
      return absl::ResourceExhaustedError(
          "more than a million secrets; import them by --path, one part after the other");
    }
  }
  return std::vector<std::string>(found.begin(), found.end());
}

absl::StatusOr<std::optional<KvMetadata>> KvSource::Metadata(const std::string& path) {
  ASSIGN_OR_RETURN(const Answer answer, Get("metadata", path, ""));
  if (!answer.found) return std::nullopt;
  if (!answer.body.is_object() || !answer.body.contains("data")) {
    return Wrong("metadata without data");
  }
  return ToMetadata(answer.body["data"]);
}

absl::StatusOr<std::optional<json>> KvSource::Read(const std::string& path, uint32_t version) {
  ASSIGN_OR_RETURN(Answer answer, Get("data", path, StrCat("?version=", version)));
  json& body = answer.body;
  const bool has_data = body.is_object() && body.contains("data") && body["data"].is_object();
  if (!answer.found) return std::nullopt;
  if (!has_data || !body["data"].contains("data") || !body["data"].contains("metadata")) {
    return Wrong("a version without data");
  }
  const json& metadata = body["data"]["metadata"];
  if (!metadata.is_object() || !metadata.contains("version") || metadata["version"] != version) {
    return Wrong("another version than was asked for");
  }
  if (!body["data"]["data"].is_object()) return Wrong("a version that is no object");
  return std::move(body["data"]["data"]);
}

}  // namespace kasbah::cli
