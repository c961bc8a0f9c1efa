#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/reporting/origin.h"
#include "libs/telemetry/span.h"

namespace kasbah::reporting {

// A batch as OTLP's ExportTraceServiceRequest in binary protobuf, which an OTLP/HTTP collector
// takes as application/x-protobuf. Spans are of kind SERVER, attributes those of the semantic
// conventions for gRPC; ours are kasbah.reason, kasbah.workload and kasbah.tenant. A peer that is
// no service of this installation is said by its kind alone: operators and tenants' programs carry
// names.
std::string EncodeSpans(const Origin& origin, const std::vector<telemetry::Span>& spans);

// What a collector said in a 200: how many of the batch it did not take, and why.
struct PartialSuccess {
  int64_t rejected = 0;
  std::string message;
};
// Nothing for a body that is empty or makes no sense.
PartialSuccess ParseExportAnswer(std::string_view body);

}  // namespace kasbah::reporting
