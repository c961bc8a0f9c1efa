#include "services/tenant_data/store/subject_store.h"

#include <optional>

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kFind{
    "subjects.find",
    "SELECT customer_id, external_id, display_name FROM tenant_data.customers "
    "WHERE tenant_id = $1 AND (customer_id = $2 OR external_id = $3) "
    "ORDER BY customer_id"};

constexpr Statement kErase{
    "subjects.erase",
    "UPDATE tenant_data.customers SET display_name = '', external_id = customer_id::text, "
    "version = version + 1 WHERE tenant_id = $1 AND (customer_id = $2 OR external_id = $3) "
    "AND (display_name <> '' OR external_id <> customer_id::text)",
    Access::kWrite};

std::optional<CustomerId> ParseCustomer(const std::string& subject) {
  const absl::StatusOr<CustomerId> id = CustomerId::Parse(subject);
  return id.ok() ? std::make_optional(*id) : std::nullopt;
}

}  // namespace

Pending<std::vector<SubjectRow>> SubjectStore::Find(Transaction& tx, const CallContext& call,
                                                    const std::string& subject) const {
  return tx.Run(kFind, call.tenant, ParseCustomer(subject), subject).Map([](const Result& rows) {
    std::vector<SubjectRow> found;
    for (const Row& row : rows) {
      found.push_back({row.Get<CustomerId>(0), row.Get<std::string>(1), row.Get<std::string>(2)});
    }
    return found;
  });
}

Pending<int64_t> SubjectStore::Erase(Transaction& tx, const CallContext& call,
                                     const std::string& subject) const {
  return tx.Run(kErase, call.tenant, ParseCustomer(subject), subject).Map([](const Result& result) {
    return result.affected();
  });
}

}  // namespace kasbah::tenantdata
