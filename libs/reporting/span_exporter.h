#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "libs/reporting/collector.h"
#include "libs/reporting/origin.h"
#include "libs/telemetry/span.h"

namespace kasbah::reporting {

struct SpanExporterOptions {
  double root_ratio = 0.1;
  size_t batch = 512;
  size_t queue = 4096;
  absl::Duration interval = absl::Seconds(2);
  // Between two tries of one batch; doubles, with a random part, and gives way to what the
  // collector asks for.
  absl::Duration first_wait = absl::Seconds(1);
};

// Carries the process's spans (libs/telemetry/span.h) to an OTLP collector, a batch at a time, on a
// thread of its own. A batch is tried five times where the collector says that it may be (429, 502,
// 503, 504) or does not answer; meanwhile the queue fills, and what finds no place in it is
// dropped. Everything that is dropped is counted by cause, and calls never wait for any of it.
class SpanExporter {
 public:
  SpanExporter(SpanExporterOptions options, Origin origin, std::unique_ptr<Collector> collector);
  // Waits until what is left is sent or the time that Stop named is over.
  ~SpanExporter();

  // Sends what is left, as far as that is done by `until`. Does not wait for it.
  void Stop(absl::Time until);

 private:
  void Loop();
  void Export(const std::vector<telemetry::Span>& spans);
  // True: there is nothing more to be done about the batch.
  bool Settled(const absl::StatusOr<http::ClientResponse>& response, size_t spans);
  void NoteFailure(std::string_view reason, int status);

  const SpanExporterOptions options_;
  const Origin origin_;
  const std::unique_ptr<Collector> collector_;
  // The thread's own: whether the last batch failed, so that a row of failures is one line.
  bool failing_ = false;
  std::thread thread_;
};

}  // namespace kasbah::reporting
