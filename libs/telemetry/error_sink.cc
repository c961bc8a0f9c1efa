#include "libs/telemetry/error_sink.h"

#include <utility>

#include "absl/synchronization/mutex.h"

namespace kasbah::telemetry {
namespace {

struct Held {
  absl::Mutex mutex;
  ErrorSink sink ABSL_GUARDED_BY(mutex);
};

Held& TheSink() {
  static Held& held = *new Held;
  return held;
}

}  // namespace

void SetErrorSink(ErrorSink sink) {
  Held& held = TheSink();
  absl::MutexLock lock(&held.mutex);
  held.sink = std::move(sink);
}

// Error lines are few: that they queue up here costs nothing.
void TellErrorSink(std::string_view message, std::initializer_list<LogField> fields) {
  Held& held = TheSink();
  absl::MutexLock lock(&held.mutex);
  if (held.sink) held.sink(message, fields);
}

}  // namespace kasbah::telemetry
