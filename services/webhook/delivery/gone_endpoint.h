#pragma once

#include <string>

#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"

namespace kasbah::webhook {

// Disables an endpoint that answered 410 Gone, and says so in the tenant's trail. One that is
// already disabled or deleted stays as it is; when the database is away, its next 410 does it.
void DisableGoneEndpoint(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock,
                         const std::string& workload, TenantId tenant, EndpointId endpoint);

}  // namespace kasbah::webhook
