#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "kasbah/audit/v1/sinks.pb.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/http/url.h"

namespace kasbah::audit {

inline constexpr int kMaxSinks = 20;
// Single events refused in a row, none taken between them, after which it is taken for the
// receiver's fault and nothing more is skipped.
inline constexpr int kMaxRefusals = 8;

struct SinkSettings {
  std::string name;
  v1::EventFilter filter;
  // Of which only the target is set, without its secret.
  v1::Sink target;
};

struct Sink {
  SinkId id;
  SinkSettings settings;
  // Empty: it has no secret.
  std::string sealed_secret;
  uint64_t revision = 1;
  absl::Time create_time;

  uint64_t next = 0;
  bool paused = false;
  absl::Time due;
  int failures = 0;
  int refusals = 0;
  uint64_t delivered = 0;
  uint64_t refused = 0;
  std::optional<absl::Time> last_success;
  std::string last_error;
  std::optional<absl::Time> last_error_time;

  // Of the log: its events, and when the first that the sink has not had was recorded.
  uint64_t log_size = 0;
  std::optional<absl::Time> oldest_waiting;

  v1::Sink::State state() const;
};

// The target of a CreateSinkRequest or UpdateSinkRequest.
template <typename Request>
v1::Sink TargetOf(const Request& request) {
  v1::Sink sink;
  if (request.has_syslog()) *sink.mutable_syslog() = request.syslog();
  if (request.has_http()) *sink.mutable_http() = request.http();
  if (request.has_s3()) *sink.mutable_s3() = request.s3();
  return sink;
}

// Takes the secret out of a target; empty where it has none.
std::string TakeSecret(v1::Sink* target);

// Where a target's secret goes: scheme, host, port, and a bucket. A secret that was given for one
// place is not sent to another.
std::string PlaceOf(const v1::Sink& target);

struct SinkRules {
  http::UrlRules urls;
  http::AddressGuard guard;
};
// What is wrong with the settings, by field; certificates are looked at where they are used.
std::vector<Violation> CheckSettings(const SinkSettings& settings, const SinkRules& rules);

// https://bucket.s3.region.amazonaws.com/ or https://endpoint/bucket/; names follow.
std::string RootOf(const v1::S3Target& target);

// How long to wait after so many failures in a row: 1 s, doubling up to 5 minutes, spread by
// `random` of [0, 1) over half to one and a half times that. A receiver's Retry-After counts where
// it is longer, up to an hour.
absl::Duration BackOff(int failures, double random, std::optional<absl::Duration> retry_after);

}  // namespace kasbah::audit
