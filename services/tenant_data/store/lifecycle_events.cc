#include "services/tenant_data/store/lifecycle_events.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/store/domain_store.h"
#include "services/tenant_data/store/tenant_state.h"

namespace kasbah::tenantdata {
namespace {

std::string_view PastOf(std::string_view verb) {
  static constexpr std::pair<std::string_view, std::string_view> kPasts[] = {
      {"create", "created"}, {"update", "updated"}, {"suspend", "suspended"},
      {"resume", "resumed"}, {"close", "closed"},   {"verify", "verified"},
      {"lapse", "lapsed"},   {"delete", "deleted"},
  };
  for (const auto& [present, past] : kPasts) {
    if (present == verb) return past;
  }
  Crash("a change without a name", __FILE__, __LINE__);
}

// What all three have.
struct Changed {
  std::string_view noun;
  std::string_view verb;
  std::string id;
  // For the audit event; empty where it could be a person's.
  std::string name;
  std::string_view state;
  uint64_t version = 1;
};

outbox::v1::ChangeEvent ChangeOf(const CallContext& call, const Clock& clock,
                                 const Changed& changed) {
  outbox::v1::ChangeEvent event = outbox::Change(
      call, clock, StrCat(changed.noun, ".", PastOf(changed.verb)), changed.id, changed.version);
  auto& data = *event.mutable_data()->mutable_fields();
  data[StrCat(changed.noun, "_id")].set_string_value(changed.id);
  data["state"].set_string_value(std::string(changed.state));
  data["version"].set_number_value(static_cast<double>(changed.version));
  return event;
}

absl::Status AppendAudit(outbox::Outbox& outbox, postgres::Transaction& tx, const CallContext& call,
                         const Clock& clock, const Changed& changed, std::string_view cause) {
  std::vector<std::pair<std::string, std::string>> attributes;
  if (!cause.empty()) attributes.emplace_back("reason", cause);
  return outbox.AppendAudit(tx, call,
                            outbox::Succeeded(call, clock, StrCat(changed.noun, ".", changed.verb),
                                              {std::string(changed.noun), changed.id, changed.name},
                                              std::move(attributes)));
}

}  // namespace

absl::Status AppendTenantEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                const CallContext& call, const Clock& clock, std::string_view verb,
                                const Tenant& tenant, std::string_view cause) {
  const Changed changed{
      "tenant", verb, tenant.id.ToString(), tenant.slug, NameOf(tenant.state), tenant.version};
  RETURN_IF_ERROR(AppendAudit(outbox, tx, call, clock, changed, cause));
  outbox::v1::ChangeEvent event = ChangeOf(call, clock, changed);
  auto& data = *event.mutable_data()->mutable_fields();
  data["slug"].set_string_value(tenant.slug);
  data["display_name"].set_string_value(tenant.display_name);
  return outbox.AppendChange(tx, call, event);
}

absl::Status AppendCustomerEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                  const CallContext& call, const Clock& clock,
                                  std::string_view verb, const Customer& customer) {
  const Changed changed{"customer",
                        verb,
                        customer.id.ToString(),
                        "",
                        customer.suspended ? "suspended" : "active",
                        customer.version};
  RETURN_IF_ERROR(AppendAudit(outbox, tx, call, clock, changed, ""));
  outbox::v1::ChangeEvent event = ChangeOf(call, clock, changed);
  event.set_customer_id(changed.id);
  return outbox.AppendChange(tx, call, event);
}

absl::Status AppendDomainEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                const CallContext& call, const Clock& clock, std::string_view verb,
                                const Domain& domain, std::string_view cause) {
  const Changed changed{
      "domain", verb, domain.id.ToString(), domain.host, NameOf(domain.state), domain.version};
  RETURN_IF_ERROR(AppendAudit(outbox, tx, call, clock, changed, cause));
  outbox::v1::ChangeEvent event = ChangeOf(call, clock, changed);
  (*event.mutable_data()->mutable_fields())["host"].set_string_value(domain.host);
  return outbox.AppendChange(tx, call, event);
}

}  // namespace kasbah::tenantdata
