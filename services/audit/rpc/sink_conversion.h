#pragma once

#include "kasbah/audit/v1/sinks.pb.h"
#include "libs/rpc/call.h"
#include "services/audit/domain/sink.h"

namespace kasbah::audit {

// As clients see it: never a secret.
v1::Sink ToProto(const Sink& sink, absl::Time now);

// "r7": names the seventh state of its settings.
std::string EtagOf(const Sink& sink);

}  // namespace kasbah::audit
