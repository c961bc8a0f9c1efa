#include "libs/telemetry/log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/telemetry/error_sink.h"
#include "libs/telemetry/json_line.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::telemetry {
namespace {

constexpr size_t kQueueLines = 16384;
constexpr absl::Duration kFlushWait = absl::Seconds(2);

// Writes finished lines to stderr and counts flushes, so that a flush can be waited for: the
// logger's own only asks for one.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // False when the deadline passed first.
  bool AwaitFlush(uint64_t number) {
    const auto reached = [this, number]()
                             ABSL_NO_THREAD_SAFETY_ANALYSIS { return flushes_ >= number; };
    absl::MutexLock lock(&flush_mutex_);
    return flush_mutex_.AwaitWithTimeout(absl::Condition(&reached), kFlushWait);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::fwrite(message.payload.data(), 1, message.payload.size(), stderr);
  }
  void flush_() override {
    std::fflush(stderr);
    absl::MutexLock lock(&flush_mutex_);
    ++flushes_;
  }

 private:
  absl::Mutex flush_mutex_;
  uint64_t flushes_ = 0;
};

// What SetUpLogs made; kept for the life of the process, since any thread may log until the end.
struct Logs {
  std::string service;
  spdlog::level::level_enum level;
  std::shared_ptr<StderrSink> sink = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::details::thread_pool> pool =
      std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
      "kasbah", sink, pool, spdlog::async_overflow_policy::overrun_oldest);
  std::atomic<uint64_t> flushes_asked{0};
};

std::atomic<Logs*> g_logs{nullptr};

spdlog::level::level_enum ParseLevel(std::string_view level) {
  if (level == "debug") return spdlog::level::debug;
  if (level == "warning") return spdlog::level::warn;
  if (level == "error") return spdlog::level::err;
  return spdlog::level::info;
}

void Write(spdlog::level::level_enum level, std::string_view name, std::string_view message,
           std::initializer_list<LogField> fields) {
  Logs* logs = g_logs.load(std::memory_order_acquire);
  if (logs == nullptr) {
    // A library's test, or a line from before the logs are set up.
    if (level < spdlog::level::warn) return;
    const std::string line = FormatLogLine(absl::Now(), name, "", message, fields) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    return;
  }
  if (level < logs->level) return;
  std::string line = FormatLogLine(absl::Now(), name, logs->service, message, fields);
  line.push_back('\n');
  logs->logger->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void SetUpLogs(std::string_view service, std::string_view level) {
  Logs* logs = new Logs{.service = std::string(service), .level = ParseLevel(level)};
  logs->logger->set_level(spdlog::level::trace);
  // Lines go out whole, whatever stderr is.
  std::setvbuf(stderr, nullptr, _IOLBF, 1 << 16);
  Logs* unset = nullptr;
  if (!g_logs.compare_exchange_strong(unset, logs, std::memory_order_acq_rel)) {
    delete logs;
    return;
  }
  OnRender([logs] {
    static Gauge& dropped =
        GetGauge("kasbah_log_dropped_lines", "Log lines lost because the queue was full");
    dropped.Set(static_cast<double>(logs->pool->overrun_counter()));
  });
}

bool LogsDebug() {
  const Logs* logs = g_logs.load(std::memory_order_acquire);
  return logs != nullptr && logs->level <= spdlog::level::debug;
}

void LogDebug(std::string_view message, std::initializer_list<LogField> fields) {
  Write(spdlog::level::debug, "debug", message, fields);
}
void LogInfo(std::string_view message, std::initializer_list<LogField> fields) {
  Write(spdlog::level::info, "info", message, fields);
}
void LogWarning(std::string_view message, std::initializer_list<LogField> fields) {
  Write(spdlog::level::warn, "warning", message, fields);
}
void LogError(std::string_view message, std::initializer_list<LogField> fields) {
  Write(spdlog::level::err, "error", message, fields);
  TellErrorSink(message, fields);
}

void FlushLogs() {
  Logs* logs = g_logs.load(std::memory_order_acquire);
  if (logs == nullptr) {
    std::fflush(stderr);
    return;
  }
  const uint64_t number = logs->flushes_asked.fetch_add(1) + 1;
  logs->logger->flush();
  logs->sink->AwaitFlush(number);
}

}  // namespace kasbah::telemetry
