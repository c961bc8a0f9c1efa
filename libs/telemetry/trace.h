#pragma once

#include <string>
#include <string_view>

namespace kasbah::telemetry {

// W3C Trace Context. A child keeps the trace id and gets a span id of its own; a malformed or
// empty parent starts a new trace, which is sampled for `root_ratio` of them: by the low 56 bits of
// its id, so that whoever else decides by the id decides the same.
std::string ChildTraceparent(std::string_view parent, double root_ratio = 0);
// The 32 hex digits of the trace id, empty when malformed.
std::string_view TraceIdOf(std::string_view traceparent);
// The 16 hex digits of the span's, empty when malformed.
std::string_view SpanIdOf(std::string_view traceparent);
// False when malformed.
bool IsSampled(std::string_view traceparent);

}  // namespace kasbah::telemetry
