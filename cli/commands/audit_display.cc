#include "cli/commands/audit_display.h"

#include "absl/strings/str_join.h"
#include "cli/console/output.h"
#include "libs/base/strings.h"

namespace kasbah::cli {

std::string ActorOf(const outbox::v1::AuditEvent& event) {
  return event.actor().display().empty() ? StrCat(event.actor().kind(), " ", event.actor().id())
                                         : event.actor().display();
}

std::string OutcomeOf(const outbox::v1::AuditEvent& event) {
  std::string outcome = EnumName(*outbox::v1::Outcome_descriptor(), event.outcome());
  if (!event.reason().empty()) StrAppend(&outcome, " ", event.reason());
  return outcome;
}

std::string LineOf(const audit::v1::Event& event) {
  const outbox::v1::AuditEvent& what = event.event();
  std::string line = StrCat(event.sequence());
  for (const std::string& cell : {ToCell(what.occurred_at(), what.has_occurred_at()), what.action(),
                                  OutcomeOf(what), ActorOf(what), what.target().id()}) {
    if (!cell.empty()) StrAppend(&line, "  ", cell);
  }
  return line;
}

std::string DescribeAppended(const audit::v1::AppendEventsResponse& reply) {
  int repeated = 0;
  std::string stripped;
  for (const auto& event : reply.events()) {
    if (event.repeated()) ++repeated;
    if (event.stripped().empty()) continue;
    StrAppend(&stripped, "not kept of ", event.client_event_id(), ": ",
              absl::StrJoin(event.stripped(), ", "), "\n");
  }
  return StrCat(reply.events_size() - repeated, " events logged, ", repeated,
                " were there before\n", stripped);
}

}  // namespace kasbah::cli
