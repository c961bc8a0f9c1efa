#include "libs/reporting/reporting.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/small_file.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/reporting/collector.h"
#include "libs/reporting/crash_watch.h"
#include "libs/reporting/endpoint.h"
#include "libs/reporting/error_reporter.h"
#include "libs/reporting/sentry_dsn.h"
#include "libs/reporting/span_exporter.h"
#include "libs/telemetry/error_sink.h"

namespace kasbah::reporting {
namespace {

constexpr size_t kLargestFile = 16 * 1024;

absl::Status Invalid(std::string_view setting, std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "CONFIG_INVALID",
               StrCat("telemetry.", setting, ": ", what));
}

absl::StatusOr<std::string> ReadFile(std::string_view setting, const std::string& path) {
  absl::StatusOr<std::string> text = ReadSmallFile(path, kLargestFile);
  if (text.ok()) return text;
  return Invalid(setting, StrCat("file ", path, ": ", FromAbsl(text.status().message())));
}

absl::StatusOr<std::unique_ptr<Collector>> TraceCollector(const ReportingConfig& config) {
  ASSIGN_OR_RETURN(Endpoint endpoint,
                   Endpoint::Parse(config.otlp_endpoint, config.allow_addresses));
  Headers headers;
  if (!config.otlp_headers_file.empty()) {
    ASSIGN_OR_RETURN(const std::string text,
                     ReadFile("otlp.headers_file", config.otlp_headers_file));
    auto parsed = ParseHeaders(text);
    if (!parsed.ok()) {
      return Invalid("otlp.headers_file", FromAbsl(parsed.status().message()));
    }
    headers = *std::move(parsed);
  }
  headers.emplace_back("Content-Type", "application/x-protobuf");
  return Collector::Create(std::move(endpoint), std::move(headers), config.ca_file);
}

absl::StatusOr<std::unique_ptr<Collector>> ErrorCollector(const ReportingConfig& config,
                                                          const Origin& origin) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile("sentry.dsn_file", config.sentry_dsn_file));
  const auto dsn = SentryDsn::Parse(text);
  if (!dsn.ok()) return Invalid("sentry.dsn_file", FromAbsl(dsn.status().message()));
  auto endpoint = Endpoint::Parse(dsn->url, config.allow_addresses);
  if (!endpoint.ok()) return Invalid("sentry.dsn_file", FromAbsl(endpoint.status().message()));
  Headers headers = {{"Content-Type", "application/x-sentry-envelope"},
                     {"X-Sentry-Auth", StrCat("Sentry sentry_version=7, sentry_client=kasbah/",
                                              origin.version, ", sentry_key=", dsn->public_key)}};
  return Collector::Create(*std::move(endpoint), std::move(headers), config.ca_file);
}

}  // namespace

struct Reporting::State {
  std::unique_ptr<SpanExporter> spans;
  std::unique_ptr<ErrorReporter> errors;
  std::unique_ptr<CrashWatch> crashes;
};

Reporting::Reporting(std::unique_ptr<State> state) : state_(std::move(state)) {}

Reporting::~Reporting() { Stop(absl::Now()); }

absl::StatusOr<std::unique_ptr<Reporting>> Reporting::Start(const ReportingConfig& config,
                                                            std::string_view service) {
  if (config.otlp_endpoint.empty() && config.sentry_dsn_file.empty()) return nullptr;
  const Origin origin{.service = std::string(service),
                      .version = KASBAH_VERSION,
                      .environment = config.environment,
                      .instance = Uuid::V7(absl::Now()).ToString()};
  auto state = std::make_unique<State>();
  if (!config.sentry_dsn_file.empty()) {
    ASSIGN_OR_RETURN(std::unique_ptr<Collector> collector, ErrorCollector(config, origin));
    state->errors = std::make_unique<ErrorReporter>(origin, std::move(collector), Clock::Real());
  }
  if (!config.otlp_endpoint.empty()) {
    ASSIGN_OR_RETURN(std::unique_ptr<Collector> collector, TraceCollector(config));
    const SpanExporterOptions options{
        .root_ratio = static_cast<double>(config.otlp_sampled_per_thousand) / 1000,
        .batch = static_cast<size_t>(config.otlp_batch),
        .queue = static_cast<size_t>(config.otlp_queue),
        .interval = config.otlp_interval};
    state->spans = std::make_unique<SpanExporter>(options, origin, std::move(collector));
  }
  if (state->errors != nullptr) {
    ErrorReporter* errors = state->errors.get();
    state->crashes =
        std::make_unique<CrashWatch>([errors](std::string_view signal, std::string_view note) {
          errors->ReportCrash(signal, note);
        });
    telemetry::SetErrorSink(
        [errors](std::string_view message, std::initializer_list<telemetry::LogField> fields) {
          errors->Note(message, fields);
        });
  }
  return std::unique_ptr<Reporting>(new Reporting(std::move(state)));
}

void Reporting::Stop(absl::Time until) {
  if (state_->errors != nullptr) telemetry::SetErrorSink(nullptr);
  state_->crashes.reset();
  // Both are told before either is waited for: they have the same time.
  if (state_->errors != nullptr) state_->errors->Stop(until);
  if (state_->spans != nullptr) state_->spans->Stop(until);
  state_->errors.reset();
  state_->spans.reset();
}

}  // namespace kasbah::reporting
