// Against a server of the test's own that speaks KMS's protocol: it checks each signature by
// itself, and opens a blob only with the key and the context that it was made with.
#include "services/vault/kms/aws_kms_seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/http/server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kKey[] = "arn:aws:kms:eu-central-1:111122223333:key/k1";

// A KMS with one key and one user.
class Kms {
 public:
  Kms() {
    server_ = *http::Server::Start(
        "127.0.0.1:0", [this](const http::Request& request) { return Answer(request); });
  }
  std::string endpoint() const { return StrCat("http://127.0.0.1:", server_->port(), "/"); }
  void Disable() {
    const absl::MutexLock lock(&mutex_);
    disabled_ = true;
  }

 private:
  static std::string Mac(const std::string& key, const std::string& data) {
    return crypto::HmacSha256(crypto::SecretBytes::Copy(key), data);
  }
  // By the steps of the specification, from what arrived.
  static bool SignatureHolds(const http::Request& request) {
    const auto authorization = request.headers.find("authorization");
    if (authorization == request.headers.end()) return false;
    std::map<std::string, std::string> parts;
    const std::string rest = authorization->second.substr(std::string("AWS4-HMAC-SHA256 ").size());
    const std::vector<std::string> fields = absl::StrSplit(rest, ", ");
    for (const std::string& part : fields) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(part, absl::MaxSplits('=', 1));
      parts[pair.first] = pair.second;
    }
    const std::vector<std::string> scope = absl::StrSplit(parts["Credential"], '/');
    if (scope.size() != 5 || scope[0] != "AKID" || scope[2] != "eu-central-1" ||
        scope[3] != "kms") {
      return false;
    }
    std::string canonical = request.method + "\n" + request.target + "\n\n";
    const std::vector<std::string> names = absl::StrSplit(parts["SignedHeaders"], ';');
    for (const std::string& name : names) {
      const auto header = request.headers.find(name);
      if (header == request.headers.end()) return false;
      canonical += name + ":" + header->second + "\n";
    }
    canonical += "\n" + parts["SignedHeaders"] + "\n" + crypto::Hex(crypto::Sha256(request.body));
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + request.headers.at("x-amz-date") + "\n" +
                                scope[1] + "/" + scope[2] + "/" + scope[3] + "/aws4_request\n" +
                                crypto::Hex(crypto::Sha256(canonical));
    const std::string key =
        Mac(Mac(Mac(Mac("AWS4the-secret", scope[1]), scope[2]), scope[3]), "aws4_request");
    return crypto::Hex(Mac(key, to_sign)) == parts["Signature"];
  }
  static http::Response Refuse(const std::string& type, const std::string& message) {
    return {.status = 400, .body = json{{"__type", type}, {"message", message}}.dump()};
  }
  http::Response Answer(const http::Request& request) {
    const absl::MutexLock lock(&mutex_);
    if (!SignatureHolds(request)) return Refuse("InvalidSignatureException", "does not match");
    if (disabled_) return Refuse("com.amazonaws#DisabledException", "the key is disabled");
    const json body = json::parse(request.body);
    if (body.at("KeyId") != kKey) return Refuse("NotFoundException", "no such key");
    const std::string context = body.at("EncryptionContext").dump();
    const std::string action = request.headers.at("x-amz-target");
    if (action == "TrentService.Encrypt") {
      const std::string blob = "blob" + std::to_string(kept_.size());
      kept_[blob] = {context, body.at("Plaintext").get<std::string>()};
      return {.body = json{{"CiphertextBlob", crypto::Base64(blob)}, {"KeyId", kKey}}.dump()};
    }
    const auto found =
        kept_.find(*crypto::ParseBase64(body.at("CiphertextBlob").get<std::string>()));
    if (found == kept_.end() || found->second.first != context) {
      return Refuse("InvalidCiphertextException", "");
    }
    return {.body = json{{"Plaintext", found->second.second}, {"KeyId", kKey}}.dump()};
  }

  absl::Mutex mutex_;
  bool disabled_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::pair<std::string, std::string>> kept_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<http::Server> server_;
};

class AwsKmsSealTest : public ::testing::Test {
 protected:
  AwsKmsSealTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-kms-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    WriteCredentials("the-secret");
  }
  ~AwsKmsSealTest() override { std::filesystem::remove_all(directory_); }

  void WriteCredentials(const std::string& secret) {
    const std::string path = directory_ / "credentials";
    std::filesystem::remove(path);
    std::ofstream(path) << "[other]\naws_access_key_id = X\n[default]\naws_access_key_id = AKID\n"
                        << "aws_secret_access_key = " << secret << "\n";
    chmod(path.c_str(), 0600);
  }
  AwsKmsOptions Options() const {
    return {.key_id = kKey,
            .region = "eu-central-1",
            .endpoint = kms_.endpoint(),
            .credentials_file = directory_ / "credentials"};
  }
  std::unique_ptr<AwsKmsSeal> Make(const AwsKmsOptions& options) {
    auto seal = AwsKmsSeal::Create(options, clock_);
    EXPECT_OK(seal);
    return *std::move(seal);
  }

  Kms kms_;
  std::filesystem::path directory_;
  testing::FakeClock clock_;
  const RootKeyRef ref_{Uuid::V7(absl::UnixEpoch()), 1};
  const crypto::SecretBytes root_ = crypto::SecretBytes::Random(32);
};

TEST_F(AwsKmsSealTest, OpensWhatItWrappedInItsOwnPlaceOnly) {
  const auto seal = Make(Options());
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seal->Wrap(ref_, root_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, seal->Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(root_));
  EXPECT_FALSE(seal->Unwrap({ref_.key_id, 2}, wrapped).ok());
  EXPECT_FALSE(seal->Unwrap({Uuid::V7(absl::Now()), 1}, wrapped).ok());
  EXPECT_FALSE(seal->Unwrap(ref_, wrapped + "x").ok());
}

TEST_F(AwsKmsSealTest, WhatKmsSaysIsPassedOn) {
  const auto problem = [&](const AwsKmsOptions& options) {
    return Make(options)->Wrap(ref_, root_).status().ToString();
  };
  WriteCredentials("another-secret");
  EXPECT_THAT(problem(Options()), HasSubstr("AWS KMS: InvalidSignatureException: does not match"));
  WriteCredentials("the-secret");
  AwsKmsOptions options = Options();
  options.key_id = "another";
  EXPECT_THAT(problem(options), HasSubstr("AWS KMS: NotFoundException: no such key"));
  options = Options();
  options.credentials_file = directory_ / "absent";
  EXPECT_THAT(problem(options), HasSubstr("absent: No such file"));
  options = Options();
  options.endpoint = "http://127.0.0.1:1/";
  EXPECT_THAT(problem(options), HasSubstr("http://127.0.0.1:1/: CONNECT_REFUSED"));
  kms_.Disable();
  EXPECT_THAT(problem(Options()), HasSubstr("AWS KMS: DisabledException: the key is disabled"));
}

TEST_F(AwsKmsSealTest, CredentialsThatAreReplacedAreUsed) {
  const auto seal = Make(Options());
  WriteCredentials("another-secret");
  EXPECT_FALSE(seal->Wrap(ref_, root_).ok());
  WriteCredentials("the-secret");
  EXPECT_THAT(seal->Wrap(ref_, root_), IsOk());
}

TEST_F(AwsKmsSealTest, PlainHttpStaysOnLoopback) {
  AwsKmsOptions options = Options();
  options.endpoint = "http://kms.example.com/";
  EXPECT_FALSE(AwsKmsSeal::Create(options, clock_).ok());
}

}  // namespace
}  // namespace kasbah::vault
