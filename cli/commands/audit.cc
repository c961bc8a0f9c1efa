#include "cli/commands/audit.h"

#include "cli/client/audit_trail.h"
#include "cli/client/paging.h"
#include "cli/commands/audit_holds.h"
#include "cli/commands/audit_retention.h"
#include "cli/commands/options.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::AuditService;
using audit::v1::Event;

// What list and export can be narrowed to.
struct FilterOptions {
  std::string actor;
  std::string action;
  std::string target;
  std::string outcome;
  std::string since;
  std::string until;

  void AddTo(CLI::App* leaf) {
    leaf->add_option("--actor", actor, "Who: key_…, usr_… or a SPIFFE path");
    leaf->add_option("--action", action, "What: secret.create, or secret. for all of a kind");
    leaf->add_option("--target", target, "With what: rec_…, sec_…");
    leaf->add_option("--outcome", outcome, EnumNames(*outbox::v1::Outcome_descriptor()));
    leaf->add_option("--since", since, "From this time on: 2026-05-01T00:00:00Z, or 2h ago: 2h");
    leaf->add_option("--until", until, "Before this time");
  }
  absl::StatusOr<audit::v1::EventFilter> Read() const;
};

absl::StatusOr<audit::v1::EventFilter> FilterOptions::Read() const {
  audit::v1::EventFilter filter;
  filter.set_actor_id(actor);
  filter.set_action(action);
  filter.set_target_id(target);
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

std::string WhoIn(const outbox::v1::AuditEvent& event) {
  return event.actor().display().empty() ? StrCat(event.actor().kind(), " ", event.actor().id())
                                         : event.actor().display();
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto filter = std::make_shared<FilterOptions>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Events, newest first; reading them is one itself");
  filter->AddTo(leaf);
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [filter, limit](Invocation& run) -> absl::Status {
    audit::v1::ListEventsRequest request;
    ASSIGN_OR_RETURN(*request.mutable_filter(), filter->Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &AuditService::Stub::ListEvents,
                             request, &audit::v1::ListEventsResponse::mutable_events, *limit));
    return run.Show(reply, [&] {
      Table table({"SEQUENCE", "TIME", "ACTION", "OUTCOME", "BY", "TARGET"});
      for (const Event& event : reply.events()) {
        const outbox::v1::AuditEvent& what = event.event();
        std::string outcome = EnumName(*outbox::v1::Outcome_descriptor(), what.outcome());
        if (!what.reason().empty()) StrAppend(&outcome, " ", what.reason());
        table.Add({StrCat(event.sequence()), ToCell(what.occurred_at(), what.has_occurred_at()),
                   what.action(), outcome, WhoIn(what), what.target().id()});
      }
      return table.ToString();
    });
  });
}

void AddExport(CLI::App* noun, Invocation& invocation) {
  auto filter = std::make_shared<FilterOptions>();
  auto out = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("export", "The trail with its proofs, as JSON Lines");
  filter->AddTo(leaf);
  leaf->add_option("--out", *out, "Write to this file; otherwise standard output");
  OnRun(leaf, invocation, [filter, out](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const audit::v1::EventFilter what, filter->Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    if (out->empty()) {
      return ExportTrail(*client, what,
                         [](const std::string& lines) {
                           Print(lines);
                           return absl::OkStatus();
                         })
          .status();
    }
    ASSIGN_OR_RETURN(const uint64_t events, ExportTrailToFile(*client, what, *out));
    run.terminal.Note(StrCat(events, " events in ", *out));
    return absl::OkStatus();
  });
}

void AddVerify(CLI::App* noun, Invocation& invocation) {
  auto file = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("verify", "Check an exported trail, offline");
  leaf->add_option("file", *file, "What `kasbah audit export` wrote")->required();
  leaf->add_option("--key", *key, "The log's verifier key (name+hash+base64), or a file with it")
      ->required();
  leaf->footer(
      "Trusts nothing but the key, which `kasbah audit checkpoint` prints: keep it from the day "
      "you\n"
      "start. Names the first line that does not hold, and ends with 1.");
  OnRun(leaf, invocation, [file, key](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const TrailVerdict verdict, VerifyTrail(*file, *key));
    if (!verdict.ok) return absl::DataLossError(StrCat(*file, ": ", verdict.text));
    Print(StrCat(run.terminal.Styled(Terminal::Style::kGood, "OK"), ": ", verdict.text, "\n"));
    return absl::OkStatus();
  });
}

void AddCheckpoint(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("checkpoint", "The log's newest signed head, and its key");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&AuditService::Stub::GetCheckpoint,
                                                    audit::v1::GetCheckpointRequest()));
    return run.Show(reply, [&] {
      return StrCat(ToString({{"size", StrCat(reply.size())}, {"key", reply.verifier_key()}}), "\n",
                    reply.checkpoint());
    });
  });
}

}  // namespace

void AddAudit(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "audit", "A tenant's trail, and checking it without trusting anybody",
              "  kasbah audit list --action secret. --since 24h\n"
              "  kasbah audit checkpoint -o json | jq -r .verifier_key > log.key\n"
              "  kasbah audit export --out trail.jsonl\n"
              "  kasbah audit verify trail.jsonl --key log.key");
  AddList(noun, invocation);
  AddExport(noun, invocation);
  AddVerify(noun, invocation);
  AddCheckpoint(noun, invocation);
  AddRetention(noun, invocation);
  AddArchives(noun, invocation);
  AddHolds(noun, invocation);
  AddRedact(noun, invocation);
}

}  // namespace kasbah::cli
