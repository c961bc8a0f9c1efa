#pragma once

#include "google/protobuf/timestamp.pb.h"
#include "kasbah/webhook/v1/webhook.pb.h"
#include "libs/base/call_context.h"
#include "services/webhook/domain/endpoint.h"
#include "services/webhook/store/delivery_store.h"

namespace kasbah::webhook {

google::protobuf::Timestamp ToTimestamp(absl::Time time);
v1::Endpoint ToProto(const Endpoint& endpoint);
v1::Delivery ToProto(const Delivery& delivery);
v1::Attempt ToProto(const Attempt& attempt);

// Endpoints are the tenant's; a caller that is limited to one of its customers has none.
absl::Status RequireTenantWide(const CallContext& call);

}  // namespace kasbah::webhook
