#include "libs/reporting/reporting_config.h"

#include <string_view>

#include "libs/http/address_guard.h"
#include "libs/reporting/endpoint.h"

namespace kasbah::reporting {
namespace {

// What Sentry takes for an environment's name, and everybody else too.
constexpr size_t kLongestEnvironment = 64;
bool IsEnvironment(std::string_view text) {
  return text.size() <= kLongestEnvironment &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

}  // namespace

void ReportingConfig::Read(config::Section& section) {
  section.Field("environment", &environment, "name of this installation: production, staging");
  section.Field("allow_addresses", &allow_addresses,
                "networks that collectors may be in beside public addresses, such as 10.0.0.0/8");
  section
      .Field("ca_file", &ca_file,
             "PEM file of roots for the collectors' certificates instead of the system's")
      .ReadableFile();

  config::Section& otlp = section.Child("otlp", "traces, by OTLP over HTTP");
  otlp.Field("endpoint", &otlp_endpoint,
             "URL that spans are posted to, https://collector:4318/v1/traces; plain http for a "
             "loopback address alone; empty: no traces");
  otlp.Field("headers_file", &otlp_headers_file,
             "file with headers for the collector, \"name: value\", one a line")
      .ReadableFile();
  otlp.Field("sampled_per_thousand", &otlp_sampled_per_thousand,
             "of a thousand traces that begin here, those that are kept; the others as their "
             "callers say")
      .Range(0, 1000);
  otlp.Field("batch", &otlp_batch, "spans in one request at the most").Range(1, 4096);
  otlp.Field("queue", &otlp_queue, "spans that wait at the most; more are dropped and counted")
      .Range(1, 100'000);
  otlp.Field("interval", &otlp_interval, "how long a span waits for others")
      .Between(absl::Milliseconds(10), absl::Minutes(1));

  config::Section& sentry = section.Child("sentry", "error reports, by Sentry's envelopes");
  sentry
      .Field("dsn_file", &sentry_dsn_file,
             "file with the project's DSN, https://key@host/project; empty: no reports")
      .ReadableFile();

  if (!IsEnvironment(environment)) {
    section.AddError("environment",
                     "must be at most 64 letters, digits, \".\", \"_\" and \"-\"");
  }
  bool networks_hold = true;
  for (const std::string& network : allow_addresses) {
    if (const auto cidr = http::Cidr::Parse(network); !cidr.ok()) {
      section.AddError("allow_addresses", std::string(cidr.status().message()));
      networks_hold = false;
    }
  }
  if (!otlp_endpoint.empty() && networks_hold) {
    const auto endpoint = Endpoint::Parse(otlp_endpoint, allow_addresses);
    if (!endpoint.ok()) otlp.AddError("endpoint", std::string(endpoint.status().message()));
  }
}

}  // namespace kasbah::reporting
