#include "services/webhook/webhook_config.h"

#include "libs/base/status_macros.h"
#include "libs/http/address_guard.h"

namespace kasbah::webhook {
namespace {

constexpr size_t kMostRetries = 50;

}  // namespace

void WebhookConfig::Read(config::Section& root) {
  service.Read(root);
  service::ReadPool(root.Child("queue", "PostgreSQL, as the role of the delivery queue"), &queue);
  root.Field("allow_http", &allow_http, "whether endpoints may be plain http");
  root.Field("allow_addresses", &allow_addresses,
             "networks that endpoints may be in beside public addresses, such as 10.0.0.0/8");
  root.Field("endpoint_ca_file", &endpoint_ca_file,
             "PEM file of roots for endpoints' certificates instead of the system's")
      .ReadableFile();
  root.Field("retry_schedule", &retry_schedule,
             "waits between the attempts of a delivery; as many retries as there are waits");
  root.Field("delivery_timeout", &delivery_timeout, "time of one attempt, to the last byte")
      .Between(absl::Seconds(1), absl::Minutes(1));
  root.Field("in_flight", &in_flight, "deliveries under way at once").Range(4, 4096);
  root.Field("in_flight_per_endpoint", &in_flight_per_endpoint, "of these, to one endpoint")
      .Range(1, 256);
  for (const std::string& network : allow_addresses) {
    if (const auto cidr = http::Cidr::Parse(network); !cidr.ok()) {
      root.AddError("allow_addresses", std::string(cidr.status().message()));
    }
  }
  if (retry_schedule.size() > kMostRetries) {
    root.AddError("retry_schedule", "has more than 50 waits");
  }
}

absl::StatusOr<DeliveryOptions> WebhookConfig::Delivery() const {
  DeliveryOptions options;
  options.retries = RetryPolicy(retry_schedule);
  options.timeout = delivery_timeout;
  options.in_flight = in_flight;
  options.in_flight_per_endpoint = in_flight_per_endpoint;
  ASSIGN_OR_RETURN(options.http.guard, http::AddressGuard::Create(allow_addresses));
  options.http.allow_http = allow_http;
  options.http.ca_file = endpoint_ca_file;
  return options;
}

}  // namespace kasbah::webhook
