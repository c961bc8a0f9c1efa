#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace kasbah::telemetry {

// One call that this process served. Names, codes and ids; nothing of what was asked or answered.
struct Span {
  // Its own place in the trace; and the caller's span, 16 hex digits, empty for the trace's first.
  std::string traceparent = {};
  std::string parent_span_id = {};
  // Full method: "kasbah.vault.v1.SecretService/AddSecretVersion".
  std::string method = {};
  absl::Time start = {};
  absl::Time end = {};
  // A gRPC status code and its UPPER_SNAKE name; the error's reason, empty for none.
  int code = 0;
  std::string code_name = {};
  std::string reason = {};
  // The peer's SPIFFE path, and the tenant's id; both may be empty.
  std::string workload = {};
  std::string tenant = {};
};

// The spans of the process wait here for whoever exports them; until OpenSpans, and after
// CloseSpans, nothing is kept and roots are not sampled. Thread safe.

// At most `bound` wait; of new traces `root_ratio` are sampled.
void OpenSpans(size_t bound, double root_ratio);
// What waits can still be taken.
void CloseSpans();

// The place of a call that came with `parent`: ChildTraceparent with the ratio above.
std::string StartSpan(std::string_view parent);
// Whether a span of this place would be kept: for those whose fields cost something to make.
bool KeepsSpan(std::string_view traceparent);
// Never waits: where the queue is full the span is dropped and counted.
void RecordSpan(Span span);

// Up to `most`, once so many wait, or `patience` is over, or spans are closed.
std::vector<Span> TakeSpans(size_t most, absl::Duration patience);

}  // namespace kasbah::telemetry
