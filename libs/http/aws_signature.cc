#include "libs/http/aws_signature.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/http/url.h"

namespace kasbah::http {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string HexSha256(std::string_view bytes) { return crypto::Hex(crypto::Sha256(bytes)); }

std::string Mac(std::string_view key, std::string_view data) {
  return crypto::HmacSha256(crypto::SecretBytes::Copy(key), data);
}

// The host as it will be sent: with its port unless that is the scheme's own.
std::string HostOf(const Url& url) {
  const bool usual = url.port == (url.scheme == "https" ? 443 : 80);
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : StrCat("[", url.host, "]");
  return usual ? host : StrCat(host, ":", url.port);
}

// Parameters by name, then value; one without "=" has an empty value.
std::string CanonicalQuery(std::string_view query) {
  if (query.empty()) return "";
  std::vector<std::string> parameters = absl::StrSplit(ToAbsl(query), '&');
  for (std::string& parameter : parameters) {
    if (parameter.find('=') == std::string::npos) parameter.push_back('=');
  }
  std::sort(parameters.begin(), parameters.end());
  return absl::StrJoin(parameters, "&");
}

struct Canonical {
  std::string request;
  std::string signed_headers;
};

Canonical CanonicalOf(const Url& url, const ClientRequest& request) {
  // By name; of one that is repeated the values stand in their order.
  std::map<std::string, std::string> headers = {{"host", HostOf(url)}};
  for (const auto& [name, value] : request.headers) {
    std::string trimmed(absl::StripAsciiWhitespace(value));
    absl::RemoveExtraAsciiWhitespace(&trimmed);
    std::string& known = headers[absl::AsciiStrToLower(name)];
    known = known.empty() ? trimmed : StrCat(known, ",", trimmed);
  }
  std::string lines;
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    StrAppend(&lines, name, ":", value, "\n");
    names.push_back(name);
  }
  const size_t question = url.target.find('?');
  const std::string path = url.target.substr(0, question);
  const std::string query =
      question == std::string::npos ? "" : CanonicalQuery(url.target.substr(question + 1));
  Canonical canonical;
  canonical.signed_headers = absl::StrJoin(names, ";");
  canonical.request = StrCat(request.method, "\n", path.empty() ? "/" : path, "\n", query, "\n",
                             lines, "\n", canonical.signed_headers, "\n", HexSha256(request.body));
  return canonical;
}

}  // namespace

absl::Status SignForAws(const AwsCredentials& credentials, std::string_view region,
                        std::string_view service, absl::Time now, ClientRequest* request) {
  ASSIGN_OR_RETURN(const Url url, ParseUrl(request->url, {.allow_http = true}));
  const std::string time = absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone());
  const std::string day = time.substr(0, 8);
  request->headers.emplace_back("x-amz-date", time);
  if (!credentials.session_token.empty()) {
    request->headers.emplace_back("x-amz-security-token", credentials.session_token);
  }
  const Canonical canonical = CanonicalOf(url, *request);
  const std::string scope = StrCat(day, "/", region, "/", service, "/aws4_request");
  const std::string to_sign =
      StrCat(kAlgorithm, "\n", time, "\n", scope, "\n", HexSha256(canonical.request));
  std::string key = Mac(StrCat("AWS4", credentials.secret_access_key), day);
  for (const std::string_view part : {region, service, std::string_view("aws4_request")}) {
    key = Mac(key, part);
  }
  request->headers.emplace_back(
      "authorization", StrCat(kAlgorithm, " Credential=", credentials.access_key_id, "/", scope,
                              ", SignedHeaders=", canonical.signed_headers,
                              ", Signature=", crypto::Hex(Mac(key, to_sign))));
  crypto::Wipe(key);
  return absl::OkStatus();
}

}  // namespace kasbah::http
