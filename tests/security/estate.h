#pragma once

#include <optional>
#include <string>

#include "google/protobuf/descriptor.h"
#include "tests/security/answer.h"
#include "tests/security/tenant_data_requests.h"
#include "tests/system/system.h"

namespace kasbah::security_test {

// What a tenant has of each kind of thing that requests name, made through the services.

// Collections "things", of texts, references and files, and "targets", which they refer to:
// ${collection}.
Names DefineCollections(const system_test::TestTenant& tenant);
// The customer's id.
std::string MakeCustomer(const system_test::TestTenant& tenant, const std::string& external_id,
                         const std::string& display_name);
// The tenant for callers of a key that is limited to one of its customers.
system_test::TestTenant LimitedTo(const system_test::TestTenant& tenant,
                                  const std::string& customer);
// One of each kind that a customer can have, made by the tenant's key: ${record}, with the unique
// text ${canary}, ${deleted}, a record that was deleted, ${target}, ${file}, ${transient}.
// ${own} is ${canary}, for requests about a caller's own alone.
Names MakeThings(const system_test::TestTenant& tenant);
// Of those that the tenant as a whole has: ${domain}, ${operation}.
Names MakeThingsOfTenant(const system_test::TestTenant& tenant);
// What nobody has, of the same kinds.
Names AbsentLike(const Names& names);
// ${text}, ${uuid} and ${key}, of a collection, which nobody has had yet.
Names FreshTexts();

bool LetsIn(const google::protobuf::MethodDescriptor* method, int actor);
// With the tenant's key or, where a method lets none in, as the operator for the tenant.
Answer AskFor(const system_test::TestTenant& tenant,
              const google::protobuf::MethodDescriptor* method, const Messages& messages);

// All that there is of a tenant, or of one of its customers, over every table of tenant data that
// the catalog has: a line each.
std::string StateOf(TenantId tenant, const std::string& customer = "");

}  // namespace kasbah::security_test
