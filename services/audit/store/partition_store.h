#pragma once

#include "libs/postgres/transaction.h"

namespace kasbah::audit::partition_store {

// Makes the monthly partitions that are missing between now and a year from now. Through the ingest
// door, which may do this and no other change to the schema.
void Extend(postgres::Transaction& tx);

}  // namespace kasbah::audit::partition_store
