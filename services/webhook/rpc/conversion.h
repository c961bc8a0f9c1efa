#pragma once

#include "kasbah/webhook/v1/webhook.pb.h"
#include "services/webhook/domain/endpoint.h"
#include "services/webhook/store/delivery_store.h"

namespace kasbah::webhook {

v1::Endpoint ToProto(const Endpoint& endpoint);
v1::Delivery ToProto(const Delivery& delivery);
v1::Attempt ToProto(const Attempt& attempt);

}  // namespace kasbah::webhook
