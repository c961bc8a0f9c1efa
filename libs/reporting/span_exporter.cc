#include "libs/reporting/span_exporter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/random.h"
#include "libs/base/strings.h"
#include "libs/reporting/otlp.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::reporting {
namespace {

constexpr int kTries = 5;

void Drop(const char* cause, size_t spans) {
  telemetry::GetCounter("kasbah_telemetry_spans_dropped_total",
                        "Spans that reached no collector", {{"cause", cause}})
      .Add(spans);
}

void CountExported(size_t spans) {
  static telemetry::Counter& exported = telemetry::GetCounter(
      "kasbah_telemetry_spans_exported_total", "Spans that a collector took");
  exported.Add(spans);
}

bool MayBeTriedAgain(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// Half of it to the whole, so that replicas do not come back all at once.
absl::Duration Scattered(absl::Duration wait) {
  uint8_t random = 0;
  FillRandom(&random, 1);
  return wait * (0.5 + static_cast<double>(random) / 512);
}

}  // namespace

SpanExporter::SpanExporter(SpanExporterOptions options, Origin origin,
                           std::unique_ptr<Collector> collector)
    : options_(options), origin_(std::move(origin)), collector_(std::move(collector)) {
  // There from the start, so that a rate can be taken.
  CountExported(0);
  for (const char* cause : {"no answer", "refused", "stopped"}) Drop(cause, 0);
  telemetry::OpenSpans(options_.queue, options_.root_ratio);
  thread_ = std::thread([this] { Loop(); });
}

SpanExporter::~SpanExporter() {
  if (!collector_->stopping()) Stop(absl::Now());
  thread_.join();
}

void SpanExporter::Stop(absl::Time until) {
  telemetry::CloseSpans();
  collector_->Stop(until);
}

void SpanExporter::Loop() {
  while (true) {
    // Asked first: what is recorded before the stop is taken after it.
    const bool last = collector_->stopping();
    const std::vector<telemetry::Span> spans =
        telemetry::TakeSpans(options_.batch, options_.interval);
    if (!spans.empty()) {
      Export(spans);
    } else if (last) {
      return;
    }
  }
}

void SpanExporter::Export(const std::vector<telemetry::Span>& spans) {
  if (collector_->stopped()) return Drop("stopped", spans.size());
  const std::string body = EncodeSpans(origin_, spans);
  absl::Duration backoff = options_.first_wait;
  for (int tries = 1;; ++tries) {
    const absl::StatusOr<http::ClientResponse> response = collector_->Post(body);
    if (Settled(response, spans.size())) return;
    const absl::Time now = absl::Now();
    const absl::Duration wait = response.ok() ? WaitOf(*response, Scattered(backoff), now)
                                              : Scattered(backoff);
    backoff *= 2;
    if (tries == kTries) return Drop("no answer", spans.size());
    if (!collector_->Pause(now + wait)) return Drop("stopped", spans.size());
  }
}

bool SpanExporter::Settled(const absl::StatusOr<http::ClientResponse>& response, size_t spans) {
  if (!response.ok()) {
    NoteFailure(ReasonOf(response.status()), 0);
    return false;
  }
  if (response->status < 200 || response->status > 299) {
    NoteFailure("", response->status);
    if (MayBeTriedAgain(response->status)) return false;
    Drop("refused", spans);
    return true;
  }
  if (failing_) telemetry::LogInfo("the trace collector takes spans again");
  failing_ = false;
  const PartialSuccess partial = ParseExportAnswer(response->body);
  const size_t rejected = static_cast<size_t>(
      std::min<uint64_t>(static_cast<uint64_t>(partial.rejected), spans));
  if (rejected > 0 || !partial.message.empty()) {
    telemetry::LogWarning("the trace collector did not take all of a batch",
                          {{"rejected", static_cast<uint64_t>(rejected)},
                           {"spans", static_cast<uint64_t>(spans)},
                           {"message", partial.message}});
  }
  if (rejected > 0) Drop("refused", rejected);
  CountExported(spans - rejected);
  return true;
}

void SpanExporter::NoteFailure(std::string_view reason, int status) {
  if (!failing_) {
    telemetry::LogWarning("the trace collector takes no spans",
                          {{"reason", reason}, {"status", status}});
  }
  failing_ = true;
}

}  // namespace kasbah::reporting
