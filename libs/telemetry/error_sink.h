#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>

#include "libs/telemetry/log.h"

namespace kasbah::telemetry {

// Is told of every error line as it is logged, on the thread that logs it: must neither block nor
// log an error itself.
using ErrorSink =
    std::function<void(std::string_view message, std::initializer_list<LogField> fields)>;

// One of the process; null: nobody. Returns when the one before is no longer being told anything.
void SetErrorSink(ErrorSink sink);

// For the logger.
void TellErrorSink(std::string_view message, std::initializer_list<LogField> fields);

}  // namespace kasbah::telemetry
