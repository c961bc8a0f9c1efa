#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/webhook/delivery/delivery_worker.h"

namespace kasbah::webhook {

// The settings of kasbah-webhook.
struct WebhookConfig {
  service::ServiceConfig service;
  // Pool of the role kasbah_webhook_queue.
  postgres::PoolOptions queue;
  // Off a developer's machine endpoints are https and public.
  bool allow_http = false;
  std::vector<std::string> allow_addresses;
  // PEM file of roots that endpoints' certificates may come from; empty: the system's.
  std::string endpoint_ca_file;
  std::vector<absl::Duration> retry_schedule = RetryPolicy::DefaultSchedule();
  absl::Duration delivery_timeout = absl::Seconds(15);
  int in_flight = 256;
  int in_flight_per_endpoint = 10;

  void Read(config::Section& root);
  // What of it the worker needs. INVALID_ARGUMENT for networks that are none.
  absl::StatusOr<DeliveryOptions> Delivery() const;
};

}  // namespace kasbah::webhook
