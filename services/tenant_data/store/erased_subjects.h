#pragma once

#include <set>
#include <string>
#include <string_view>

#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// tenant_data.erased_subjects: people of whom nothing new is taken. Known here by erasures alone;
// one whose share somebody had the vault destroy is refused where something is to be sealed.
// Stateless.
namespace erased_subjects {

// For good. Before anything of theirs is removed: waits for whoever is writing some of it, and
// whoever comes later waits for this and is refused.
void Add(postgres::Transaction& tx, const CallContext& call, std::string_view subject);

// Before something of theirs is written; an empty one is nobody. FAILED_PRECONDITION, KEY_SHREDDED,
// which is what the vault says of them.
void RequireNot(postgres::Transaction& tx, const CallContext& call,
                const std::set<std::string>& subjects);

// Those of them who were erased, for whoever can leave out what is theirs.
postgres::Pending<std::set<std::string>> Find(postgres::Transaction& tx, const CallContext& call,
                                              const std::set<std::string>& subjects);

}  // namespace erased_subjects
}  // namespace kasbah::tenantdata
