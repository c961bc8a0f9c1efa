#pragma once

#include <string>
#include <string_view>

namespace kasbah::telemetry {

// W3C Trace Context. A child keeps the trace id and gets a span id of its own; a malformed or
// empty parent starts a new trace.
std::string ChildTraceparent(std::string_view parent);
// The 32 hex digits of the trace id, empty when malformed.
std::string_view TraceIdOf(std::string_view traceparent);

}  // namespace kasbah::telemetry
