#include "services/audit/domain/event_match.h"

#include <algorithm>

namespace kasbah::audit {
namespace {

bool HasAction(const std::vector<std::string>& wanted, const std::string& action) {
  return wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& one) {
           return one.ends_with('.') ? action.starts_with(one) : action == one;
         });
}

bool IsOneOf(const std::vector<std::string>& wanted, const std::string& text) {
  return wanted.empty() || std::ranges::find(wanted, text) != wanted.end();
}

}  // namespace

bool Matches(const EventFilter& filter, const outbox::v1::AuditEvent& event) {
  return IsOneOf(filter.actor_ids, event.actor().id()) &&
         HasAction(filter.actions, event.action()) &&
         (!filter.target_id || event.target().id() == *filter.target_id) &&
         (!filter.outcome || event.outcome() == *filter.outcome) &&
         (!filter.source_address || event.source_address() == *filter.source_address) &&
         (!filter.request_id || event.request_id() == *filter.request_id);
}

}  // namespace kasbah::audit
