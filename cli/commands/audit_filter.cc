#include "cli/commands/audit_filter.h"

#include "cli/commands/options.h"
#include "cli/console/output.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {

void EventFilterOptions::AddTo(CLI::App* leaf, bool with_times) {
  leaf->add_option("--actor", actors, "Who: key_…, usr_… or a SPIFFE path; may be repeated");
  leaf->add_option("--action", actions,
                   "What: secret.create, or secret. for all of a kind; may be repeated");
  leaf->add_option("--target", target, "With what: rec_…, sec_…");
  leaf->add_option("--outcome", outcome, EnumNames(*outbox::v1::Outcome_descriptor()));
  leaf->add_option("--source", source, "From which address");
  leaf->add_option("--request", request, "In which request: its id");
  if (!with_times) return;
  leaf->add_option("--since", since, "From this time on: 2026-05-01T00:00:00Z, or 2h ago: 2h");
  leaf->add_option("--until", until, "Before this time");
}

absl::StatusOr<audit::v1::EventFilter> EventFilterOptions::Read() const {
  audit::v1::EventFilter filter;
  for (const std::string& actor : actors) filter.add_actor_ids(actor);
  for (const std::string& action : actions) filter.add_actions(action);
  filter.set_target_id(target);
  filter.set_source_address(source);
  filter.set_request_id(request);
  if (!outcome.empty()) {
    const int number = EnumNumber(*outbox::v1::Outcome_descriptor(), outcome);
    if (number < 0) {
      return absl::InvalidArgumentError(
          StrCat("--outcome ", outcome, ": one of ", EnumNames(*outbox::v1::Outcome_descriptor())));
    }
    filter.set_outcome(static_cast<outbox::v1::Outcome>(number));
  }
  if (!since.empty()) RETURN_IF_ERROR(ReadTime("--since", since, filter.mutable_start_time()));
  if (!until.empty()) RETURN_IF_ERROR(ReadTime("--until", until, filter.mutable_end_time()));
  return filter;
}

}  // namespace kasbah::cli
