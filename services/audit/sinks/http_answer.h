#pragma once

#include "absl/status/statusor.h"
#include "libs/http/client.h"
#include "services/audit/sinks/transport.h"

namespace kasbah::audit {

// What an answer over HTTP says of the batch. 400, 413 and 422 are of the batch's contents; every
// other failure is of the moment or of the settings, and is tried again. Of Elastic's bulk it is
// each item's status that counts, and 409 says that the event is there already; one item that is to
// be tried again makes the whole batch be, since those that were taken will say 409.
Delivery DeliveryOf(v1::HttpTarget::Shape shape, const SinkBatch& batch,
                    const absl::StatusOr<http::ClientResponse>& answer, absl::Time now);

}  // namespace kasbah::audit
