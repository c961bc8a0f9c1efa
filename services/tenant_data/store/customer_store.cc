#include "services/tenant_data/store/customer_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"customers.insert",
                            "INSERT INTO tenant_data.customers (tenant_id, customer_id, "
                            "external_id, display_name, created_at) "
                            "VALUES ($1, $2, $3, $4, $5)",
                            Access::kWrite};

constexpr Statement kGet{
    "customers.get",
    "SELECT customer_id, external_id, display_name, state = 'suspended', created_at, version "
    "FROM tenant_data.customers WHERE tenant_id = $1 AND customer_id = $2"};

constexpr Statement kGetForChange{
    "customers.get_for_change",
    "SELECT customer_id, external_id, display_name, state = 'suspended', created_at, version "
    "FROM tenant_data.customers WHERE tenant_id = $1 AND customer_id = $2 FOR UPDATE"};

// Ids are made in the order of creation, and the primary key keeps that order.
constexpr Statement kList{
    "customers.list",
    "SELECT customer_id, external_id, display_name, state = 'suspended', created_at, version "
    "FROM tenant_data.customers WHERE tenant_id = $1 AND customer_id > $2 "
    "ORDER BY customer_id LIMIT $3"};

constexpr Statement kSave{"customers.save",
                          "UPDATE tenant_data.customers SET external_id = $3, display_name = $4, "
                          "state = CASE WHEN $5 THEN 'suspended' ELSE 'active' END, version = $6 "
                          "WHERE tenant_id = $1 AND customer_id = $2",
                          Access::kWrite};

constexpr Statement kRequireActive{"customers.require_active",
                                   "SELECT core.require(c.state IS NOT NULL, 'NOT_FOUND'), "
                                   "core.require(c.state = 'active', 'CUSTOMER_SUSPENDED') "
                                   "FROM (SELECT (SELECT state FROM tenant_data.customers "
                                   "WHERE tenant_id = $1 AND customer_id = $2) AS state) AS c"};

Customer ReadCustomer(const Row& row) {
  Customer customer;
  customer.id = row.Get<CustomerId>(0);
  customer.external_id = row.Get<std::string>(1);
  customer.display_name = row.Get<std::string>(2);
  customer.suspended = row.Get<bool>(3);
  customer.created = row.Get<absl::Time>(4);
  customer.version = row.Get<uint64_t>(5);
  return customer;
}

}  // namespace

Pending<Result> CustomerStore::Insert(Transaction& tx, const CallContext& call,
                                      const Customer& customer) const {
  return tx.Run(kInsert, call.tenant, customer.id, customer.external_id, customer.display_name,
                customer.created);
}

Pending<Customer> CustomerStore::Get(Transaction& tx, const CallContext& call,
                                     CustomerId id) const {
  return tx.RunForOne(kGet, "customer", ReadCustomer, call.tenant, id);
}

Pending<Customer> CustomerStore::GetForChange(Transaction& tx, const CallContext& call,
                                              CustomerId id) const {
  return tx.RunForOne(kGetForChange, "customer", ReadCustomer, call.tenant, id);
}

Pending<std::vector<Customer>> CustomerStore::List(Transaction& tx, const CallContext& call,
                                                   CustomerId after, int64_t limit) const {
  return tx.Run(kList, call.tenant, after, limit).Map([](const Result& rows) {
    std::vector<Customer> customers;
    for (const Row& row : rows) customers.push_back(ReadCustomer(row));
    return customers;
  });
}

void CustomerStore::Save(Transaction& tx, const CallContext& call, const Customer& customer) const {
  tx.Run(kSave, call.tenant, customer.id, customer.external_id, customer.display_name,
         customer.suspended, customer.version);
}

void CustomerStore::RequireActive(Transaction& tx, const CallContext& call, CustomerId id) const {
  tx.Run(kRequireActive, call.tenant, id);
}

}  // namespace kasbah::tenantdata
