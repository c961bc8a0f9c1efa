#include "libs/testing/aws_server.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include <nlohmann/json.hpp>

namespace kasbah::testing {
namespace {

using nlohmann::json;

std::string Mac(const std::string& key, const std::string& data) {
  return crypto::HmacSha256(crypto::SecretBytes::Copy(key), data);
}

std::string CanonicalQuery(const std::string& query) {
  if (query.empty()) return "";
  std::vector<std::string> parameters = absl::StrSplit(query, '&');
  std::sort(parameters.begin(), parameters.end());
  return absl::StrJoin(parameters, "&");
}

http::Response RefuseKms(const std::string& type, const std::string& message) {
  return {.status = 400, .body = json{{"__type", type}, {"message", message}}.dump()};
}

std::string Unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      plain += *crypto::ParseHex(absl::AsciiStrToLower(text.substr(i + 1, 2)));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Of a query or a form.
std::map<std::string, std::string> Parameters(const std::string& text) {
  std::map<std::string, std::string> parameters;
  for (const absl::string_view part : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    parameters[pair.first] = Unescaped(pair.second);
  }
  return parameters;
}

http::Response RefuseSts(int status, const std::string& code, const std::string& message) {
  return {
      .status = status,
      .content_type = "text/xml",
      .body = StrCat("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                     "<Type>Sender</Type><Code>",
                     code, "</Code><Message>", message, "</Message></Error></ErrorResponse>")};
}

}  // namespace

AwsServer::AwsServer() {
  std::string name = (std::filesystem::temp_directory_path() / "kasbah-aws-XXXXXX").string();
  directory_ = mkdtemp(name.data());
  credentials_file_ = directory_ + "/credentials";
  WriteCredentials("the-secret");
  keys_[kKey];
  users_["AKID"] = {.secret = "the-secret"};
  server_ = *http::Server::Start("127.0.0.1:0",
                                 [this](const http::Request& request) { return Answer(request); });
}

AwsServer::~AwsServer() {
  server_.reset();
  std::filesystem::remove_all(directory_);
}

std::string AwsServer::endpoint() const { return StrCat("http://127.0.0.1:", server_->port()); }

void AwsServer::WriteCredentials(const std::string& secret) {
  std::filesystem::remove(credentials_file_);
  std::ofstream(credentials_file_)
      << "[other]\naws_access_key_id = X\n[default]\naws_access_key_id = AKID\n"
      << "aws_secret_access_key = " << secret << "\n";
  chmod(credentials_file_.c_str(), 0600);
}

void AwsServer::TrustToken(const std::string& token, absl::Time end) {
  const absl::MutexLock lock(&mutex_);
  trusted_token_ = token;
  keys_end_ = end;
}

int AwsServer::StsCalls() {
  const absl::MutexLock lock(&mutex_);
  return sts_calls_;
}

void AwsServer::SetStsDown(bool down) {
  const absl::MutexLock lock(&mutex_);
  sts_down_ = down;
}

void AwsServer::AddKey(const std::string& arn) {
  const absl::MutexLock lock(&mutex_);
  keys_[arn];
}

void AwsServer::SetEnabled(const std::string& key, bool enabled) {
  const absl::MutexLock lock(&mutex_);
  keys_[key].is_enabled = enabled;
}

void AwsServer::SetDown(bool down) {
  const absl::MutexLock lock(&mutex_);
  down_ = down;
}

std::vector<std::string> AwsServer::Objects() {
  const absl::MutexLock lock(&mutex_);
  return objects_.Keys();
}

size_t AwsServer::Uploads() {
  const absl::MutexLock lock(&mutex_);
  return objects_.uploads();
}

bool AwsServer::ChangeObject(const std::string& name,
                             const std::function<void(std::string&)>& change) {
  const absl::MutexLock lock(&mutex_);
  std::string* const bytes = objects_.Bytes(name);
  if (bytes != nullptr) change(*bytes);
  return bytes != nullptr;
}

int AwsServer::PendingDeletions() {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int>(std::count_if(
      keys_.begin(), keys_.end(), [](const auto& key) { return key.second.is_pending_deletion; }));
}

http::Response AwsServer::Answer(const http::Request& request) {
  const absl::MutexLock lock(&mutex_);
  if (down_) return {.status = 503};
  if (request.target == "/" && !request.headers.contains("authorization")) {
    return AnswerSts(request);
  }
  const std::optional<std::string> service = SignedFor(request);
  if (service == "kms") return AnswerKms(request);
  if (service == "s3") return AnswerS3(request);
  return request.headers.contains("x-amz-target")
             ? RefuseKms("InvalidSignatureException", "does not match")
             : RefuseS3(403, "SignatureDoesNotMatch");
}

std::optional<std::string> AwsServer::SignedFor(const http::Request& request) {
  const auto authorization = request.headers.find("authorization");
  if (authorization == request.headers.end()) return std::nullopt;
  std::map<std::string, std::string> parts;
  const std::string rest = authorization->second.substr(std::string("AWS4-HMAC-SHA256 ").size());
  const std::vector<std::string> fields = absl::StrSplit(rest, ", ");
  for (const std::string& part : fields) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    parts[pair.first] = pair.second;
  }
  const std::vector<std::string> scope = absl::StrSplit(parts["Credential"], '/');
  if (scope.size() != 5 || scope[2] != kRegion) return std::nullopt;
  const auto user = users_.find(scope[0]);
  if (user == users_.end()) return std::nullopt;
  const std::pair<std::string, std::string> target =
      absl::StrSplit(request.target, absl::MaxSplits('?', 1));
  std::string canonical =
      StrCat(request.method, "\n", target.first, "\n", CanonicalQuery(target.second), "\n");
  const std::vector<std::string> names = absl::StrSplit(parts["SignedHeaders"], ';');
  const std::string& session_token = user->second.session_token;
  const auto shown = request.headers.find("x-amz-security-token");
  const bool shows = shown != request.headers.end();
  if ((shows ? shown->second : "") != session_token) return std::nullopt;
  if (shows && std::find(names.begin(), names.end(), shown->first) == names.end()) {
    return std::nullopt;
  }
  absl::Time then;
  if (!absl::ParseTime("%E4Y%m%dT%H%M%SZ", request.headers.at("x-amz-date"), &then, nullptr) ||
      then >= user->second.end) {
    return std::nullopt;
  }
  for (const std::string& name : names) {
    const auto header = request.headers.find(name);
    if (header == request.headers.end()) return std::nullopt;
    canonical += name + ":" + header->second + "\n";
  }
  const std::string digest = crypto::Hex(crypto::Sha256(request.body));
  canonical += "\n" + parts["SignedHeaders"] + "\n" + digest;
  const auto said = request.headers.find("x-amz-content-sha256");
  if (scope[3] == "s3" && (said == request.headers.end() || said->second != digest)) {
    return std::nullopt;
  }
  const std::string to_sign =
      StrCat("AWS4-HMAC-SHA256\n", request.headers.at("x-amz-date"), "\n", scope[1], "/", scope[2],
             "/", scope[3], "/aws4_request\n", crypto::Hex(crypto::Sha256(canonical)));
  const std::string secret = StrCat("AWS4", user->second.secret);
  const std::string key = Mac(Mac(Mac(Mac(secret, scope[1]), scope[2]), scope[3]), "aws4_request");
  if (crypto::Hex(Mac(key, to_sign)) != parts["Signature"]) return std::nullopt;
  return scope[3];
}

http::Response AwsServer::AnswerSts(const http::Request& request) {
  ++sts_calls_;
  if (sts_down_) return {.status = 503};
  std::map<std::string, std::string> form = Parameters(request.body);
  if (request.method != "POST" || form["Action"] != "AssumeRoleWithWebIdentity" ||
      form["Version"] != "2011-06-15") {
    return RefuseSts(400, "InvalidAction", "no such action");
  }
  const std::string& session = form["RoleSessionName"];
  if (session.rfind("kasbah-", 0) != 0 || session.size() > 64) {
    return RefuseSts(400, "ValidationError", "roleSessionName");
  }
  if (form["RoleArn"] != kRole) {
    return RefuseSts(403, "AccessDenied", "Not authorized to perform this");
  }
  const std::string& token = form["WebIdentityToken"];
  if (token.empty() || token != trusted_token_) {
    return RefuseSts(400, "InvalidIdentityToken", StrCat("not one of ours: ", token));
  }
  const std::string id = StrCat("ASIA", ++made_);
  const User user = {StrCat("temporary secret ", made_), StrCat("session/", made_, "+=="),
                     keys_end_};
  users_[id] = user;
  return {.content_type = "text/xml",
          .body = StrCat("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
                         "<Credentials><SessionToken>",
                         user.session_token, "</SessionToken><SecretAccessKey>", user.secret,
                         "</SecretAccessKey><Expiration>",
                         absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", user.end, absl::UTCTimeZone()),
                         "</Expiration><AccessKeyId>", id,
                         "</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
                         "</AssumeRoleWithWebIdentityResponse>")};
}

http::Response AwsServer::AnswerKms(const http::Request& request) {
  const json body = json::parse(request.body);
  std::string action = request.headers.at("x-amz-target");
  action.erase(0, action.find('.') + 1);
  if (action == "CreateKey") {
    const std::string id = StrCat("key-", ++made_);
    keys_[id].hmac = StrCat("hmac of ", id);
    return {.body = json{{"KeyMetadata", {{"KeyId", id}}}}.dump()};
  }
  if (action == "CreateAlias") {
    if (!aliases_.emplace(body.at("AliasName"), body.at("TargetKeyId")).second) {
      return RefuseKms("AlreadyExistsException", "taken");
    }
    return {.body = "{}"};
  }
  std::string id = body.at("KeyId");
  if (const auto alias = aliases_.find(id); alias != aliases_.end()) id = alias->second;
  const auto found = keys_.find(id);
  if (found == keys_.end()) return RefuseKms("NotFoundException", "no such key");
  Key& key = found->second;
  if (action == "DescribeKey") {
    return {.body = json{{"KeyMetadata", {{"KeyId", id}}}}.dump()};
  }
  if (key.is_pending_deletion) {
    return RefuseKms("com.amazonaws#KMSInvalidStateException", "pending deletion");
  }
  if (action == "ScheduleKeyDeletion") {
    key.is_pending_deletion = true;
    return {.body = json{{"KeyId", id}}.dump()};
  }
  if (!key.is_enabled) return RefuseKms("com.amazonaws#DisabledException", "the key is disabled");
  if (action == "GenerateMac") {
    const std::string mac = Mac(key.hmac, body.at("Message").get<std::string>());
    return {.body = json{{"Mac", crypto::Base64(mac)}}.dump()};
  }
  const std::string context = body.at("EncryptionContext").dump();
  if (action == "Encrypt") {
    const std::string blob = StrCat("blob", blobs_.size());
    blobs_[blob] = {id, context, body.at("Plaintext").get<std::string>()};
    return {.body = json{{"CiphertextBlob", crypto::Base64(blob)}, {"KeyId", id}}.dump()};
  }
  const auto blob = blobs_.find(*crypto::ParseBase64(body.at("CiphertextBlob").get<std::string>()));
  if (blob == blobs_.end() || blob->second[0] != id || blob->second[1] != context) {
    return RefuseKms("InvalidCiphertextException", "");
  }
  return {.body = json{{"Plaintext", blob->second[2]}, {"KeyId", id}}.dump()};
}

http::Response AwsServer::AnswerS3(const http::Request& request) {
  const std::pair<std::string, std::string> target =
      absl::StrSplit(request.target, absl::MaxSplits('?', 1));
  const std::string root = StrCat("/", kBucket, "/");
  if (target.first.rfind(root, 0) != 0) return RefuseS3(404, "NoSuchBucket");
  const std::string name = target.first.substr(root.size());
  return objects_.Answer(name, Parameters(target.second), request);
}

}  // namespace kasbah::testing
