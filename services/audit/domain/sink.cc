#include "services/audit/domain/sink.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "libs/base/strings.h"
#include "services/audit/domain/event_filter.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kFirstWait = absl::Seconds(1);
constexpr absl::Duration kLongestWait = absl::Minutes(5);
constexpr absl::Duration kLongestRetryAfter = absl::Hours(1);
constexpr uint32_t kSyslogPort = 6514;

bool Matches(const std::string& text, const char* pattern) { return RE2::FullMatch(text, pattern); }

class Violations {
 public:
  void Add(std::string_view field, std::string_view what, std::string_view rule) {
    list_.push_back({std::string(field), std::string(what), std::string(rule)});
  }
  void Require(bool holds, std::string_view field, std::string_view what, std::string_view rule) {
    if (!holds) Add(field, what, rule);
  }
  void CheckUrl(std::string_view field, const std::string& url, const SinkRules& rules) {
    const absl::StatusOr<http::Url> parsed = http::ParseGuardedUrl(url, rules.urls, rules.guard);
    if (!parsed.ok()) Add(field, FromAbsl(parsed.status().message()), ReasonOf(parsed.status()));
  }
  std::vector<Violation> Take() && { return std::move(list_); }

 private:
  std::vector<Violation> list_;
};

void CheckSyslog(const v1::SyslogTarget& target, const SinkRules& rules, Violations* violations) {
  // As the host of a URL, so that the same hosts are refused.
  const bool is_v6 = target.host().find(':') != std::string::npos;
  const std::string host = is_v6 ? StrCat("[", target.host(), "]") : target.host();
  violations->CheckUrl("syslog.host", StrCat("https://", host, "/"), rules);
  violations->Require(Matches(target.host(), "[A-Za-z0-9.:-]+"), "syslog.host",
                      "must be a host's name or address", "HOST");
  const bool known = target.format() == v1::EXPORT_FORMAT_UNSPECIFIED ||
                     target.format() == v1::EXPORT_FORMAT_SYSLOG ||
                     target.format() == v1::EXPORT_FORMAT_CEF;
  violations->Require(known, "syslog.format", "must be SYSLOG or CEF", "ENUM");
}

void CheckHttp(const v1::HttpTarget& target, const SinkRules& rules, Violations* violations) {
  violations->CheckUrl("http.url", target.url(), rules);
  const bool shape = v1::HttpTarget::Shape_IsValid(target.shape()) &&
                     target.shape() != v1::HttpTarget::SHAPE_UNSPECIFIED;
  violations->Require(shape, "http.shape", "must be one of the shapes", "ENUM");
  const bool format = target.format() == v1::EXPORT_FORMAT_UNSPECIFIED ||
                      target.format() == v1::EXPORT_FORMAT_JSON_LINES ||
                      target.format() == v1::EXPORT_FORMAT_OCSF;
  violations->Require(format, "http.format", "must be JSON_LINES or OCSF", "ENUM");
  violations->Require(Matches(target.index(), "[a-zA-Z0-9_.-]*"), "http.index",
                      "must be letters, digits, -, _ and .", "PATTERN");
  const bool needs_index = target.shape() == v1::HttpTarget::SHAPE_ELASTIC_BULK;
  violations->Require(!needs_index || !target.index().empty(), "http.index",
                      "is needed: an index or a data stream", "REQUIRED");
}

void CheckS3(const v1::S3Target& target, const SinkRules& rules, Violations* violations) {
  violations->Require(Matches(target.bucket(), "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"), "s3.bucket",
                      "must be the name of a bucket", "PATTERN");
  violations->Require(Matches(target.prefix(), "([A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]*"), "s3.prefix",
                      "must be letters, digits, -, _, . and /, not at its beginning", "PATTERN");
  violations->Require(Matches(target.region(), "[a-z0-9-]+"), "s3.region",
                      "must be a region, such as eu-central-1", "PATTERN");
  violations->Require(Matches(target.access_key_id(), "[A-Za-z0-9_-]+"), "s3.access_key_id",
                      "must be the id of an access key", "PATTERN");
  if (!target.endpoint().empty()) violations->CheckUrl("s3.endpoint", target.endpoint(), rules);
}

}  // namespace

v1::Sink::State Sink::state() const {
  if (paused) return v1::Sink::STATE_PAUSED;
  if (refusals >= kMaxRefusals) return v1::Sink::STATE_REFUSING;
  return last_error.empty() ? v1::Sink::STATE_ACTIVE : v1::Sink::STATE_FAILING;
}

std::string TakeSecret(v1::Sink* target) {
  std::string* secret = nullptr;
  if (target->has_syslog()) secret = target->mutable_syslog()->mutable_client_key();
  if (target->has_http()) secret = target->mutable_http()->mutable_authorization();
  if (target->has_s3()) secret = target->mutable_s3()->mutable_secret_access_key();
  return secret == nullptr ? std::string() : std::exchange(*secret, {});
}

std::string PlaceOf(const v1::Sink& target) {
  if (target.has_syslog()) {
    const uint32_t port = target.syslog().port() == 0 ? kSyslogPort : target.syslog().port();
    return StrCat("syslog ", target.syslog().host(), " ", port);
  }
  const std::string url = target.has_http() ? target.http().url() : RootOf(target.s3());
  const absl::StatusOr<http::Url> parsed = http::ParseUrl(url, {.allow_http = true});
  if (!parsed.ok()) return "";
  return StrCat(parsed->scheme, " ", parsed->host, " ", parsed->port, " ",
                target.has_s3() ? target.s3().bucket() : "");
}

std::vector<Violation> CheckSettings(const SinkSettings& settings, const SinkRules& rules) {
  Violations violations;
  violations.Require(!settings.filter.has_start_time() && !settings.filter.has_end_time(), "filter",
                     "a sink has no times: it takes what comes", "TIME");
  if (const auto filter = EventFilter::FromProto(settings.filter); !filter.ok()) {
    for (const Violation& one : DetailsOf(filter.status()).violations) {
      violations.Add(one.field, one.description, one.rule);
    }
  }
  switch (settings.target.target_case()) {
    case v1::Sink::kSyslog:
      CheckSyslog(settings.target.syslog(), rules, &violations);
      break;
    case v1::Sink::kHttp:
      CheckHttp(settings.target.http(), rules, &violations);
      break;
    case v1::Sink::kS3:
      CheckS3(settings.target.s3(), rules, &violations);
      break;
    case v1::Sink::TARGET_NOT_SET:
      violations.Add("target", "must be one of syslog, http and s3", "REQUIRED");
      break;
  }
  return std::move(violations).Take();
}

std::string RootOf(const v1::S3Target& target) {
  if (target.endpoint().empty()) {
    return StrCat("https://", target.bucket(), ".s3.", target.region(), ".amazonaws.com/");
  }
  std::string endpoint = target.endpoint();
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return StrCat(endpoint, "/", target.bucket(), "/");
}

absl::Duration BackOff(int failures, double random, std::optional<absl::Duration> retry_after) {
  absl::Duration wait = kFirstWait;
  for (int i = 1; i < failures && wait < kLongestWait; ++i) wait *= 2;
  wait = std::min(wait, kLongestWait);
  const absl::Duration spread = wait / 2 + wait * random;
  return retry_after ? std::max(spread, std::min(*retry_after, kLongestRetryAfter)) : spread;
}

}  // namespace kasbah::audit
