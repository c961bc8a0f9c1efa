#include "services/audit/store/partition_store.h"

namespace kasbah::audit::partition_store {
namespace {

constexpr postgres::Statement kExtend = {"partitions.extend", "SELECT audit.extend_partitions()",
                                         postgres::Access::kWrite};

}  // namespace

void Extend(postgres::Transaction& tx) { tx.Run(kExtend); }

}  // namespace kasbah::audit::partition_store
