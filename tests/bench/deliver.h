#pragma once

#include "tests/bench/budget.h"
#include "tests/bench/installation.h"

namespace kasbah::bench {

// Deliveries from change events to a receiver over TLS, signed and recorded.
Budget WebhookDeliver(Installation& kasbah);

}  // namespace kasbah::bench
