#pragma once

#include "absl/status/status.h"
#include "services/webhook/webhook_config.h"

namespace kasbah::webhook {

// Builds the process, serves and delivers until it is told to stop.
absl::Status RunWebhook(const WebhookConfig& config);

}  // namespace kasbah::webhook
