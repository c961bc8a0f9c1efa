#include "libs/testing/s3_gateway.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"

namespace kasbah::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kKeepVersions[] =
    "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Status>Enabled</Status></VersioningConfiguration>";

std::string Binary() {
  const char* tools = getenv("KASBAH_TOOLS");
  const char* home = getenv("HOME");
  const std::string folder = tools != nullptr
                                 ? std::string(tools)
                                 : StrCat(home != nullptr ? home : "", "/.cache/kasbah-tools");
  return folder + "/bin/versitygw";
}

size_t Ignore(char*, size_t size, size_t count, void*) { return size * count; }

// Signed by libcurl, not by us.
void Put(const std::string& url, const std::string& body) {
  CURL* curl = curl_easy_init();
  KASBAH_CHECK(curl != nullptr);
  const std::string user = StrCat(S3Gateway::kUser, ":", S3Gateway::kSecret);
  const std::string service = StrCat("aws:amz:", S3Gateway::kRegion, ":s3");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_USERPWD, user.c_str());
  curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, service.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Ignore);
  // Must be among what is signed.
  curl_slist* headers = curl_slist_append(nullptr, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  long status = 0;
  const CURLcode result = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_cleanup(curl);
  curl_slist_free_all(headers);
  if (result != CURLE_OK || status / 100 != 2) {
    Crash(StrCat("PUT ", url, ": ", curl_easy_strerror(result), ", ", status), __FILE__, __LINE__);
  }
}

}  // namespace

std::unique_ptr<S3Gateway> S3Gateway::Start() {
  const std::string binary = Binary();
  if (!fs::exists(binary)) return nullptr;
  std::unique_ptr<S3Gateway> gateway(new S3Gateway());
  gateway->directory_ = "/tmp/kasbah-s3-XXXXXX";
  KASBAH_CHECK(mkdtemp(gateway->directory_.data()) != nullptr);
  // A bucket is a folder.
  fs::create_directories(StrCat(gateway->directory_, "/objects/", kBucket));
  fs::create_directory(gateway->directory_ + "/versions");
  const int port = *dev::PickFreePort();
  gateway->endpoint_ = StrCat("http://127.0.0.1:", port);
  auto process = dev::Process::Spawn(
      {.arguments = {binary, "--access", kUser, "--secret", kSecret, "--region", kRegion, "--port",
                     StrCat("127.0.0.1:", port), "--quiet", "posix", "--versioning-dir",
                     gateway->directory_ + "/versions", gateway->directory_ + "/objects"}});
  KASBAH_CHECK(process.ok());
  gateway->process_ = std::make_unique<dev::Process>(*std::move(process));
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!dev::Accepts(port)) KASBAH_CHECK(absl::Now() < deadline);
  Put(StrCat(gateway->endpoint_, "/", kBucket, "?versioning="), kKeepVersions);
  gateway->credentials_file_ = gateway->directory_ + "/credentials";
  gateway->WriteCredentials(kSecret);
  return gateway;
}

S3Gateway::~S3Gateway() {
  process_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void S3Gateway::WriteCredentials(const std::string& secret) const {
  KASBAH_CHECK(dev::WriteFile(credentials_file_,
                              StrCat("[default]\naws_access_key_id = ", kUser,
                                     "\naws_secret_access_key = ", secret, "\n"),
                              0600)
                   .ok());
}

bool S3Gateway::Holds(const std::string& bytes) const {
  for (const char* folder : {"/objects", "/versions"}) {
    for (const auto& entry : fs::recursive_directory_iterator(directory_ + folder)) {
      if (!entry.is_regular_file()) continue;
      const auto text = dev::ReadFile(entry.path().string());
      if (text.ok() && text->find(bytes) != std::string::npos) return true;
    }
  }
  return false;
}

}  // namespace kasbah::testing
