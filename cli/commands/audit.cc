#include "cli/commands/audit.h"

#include "cli/client/audit_trail.h"
#include "cli/commands/audit_append.h"
#include "cli/commands/audit_filter.h"
#include "cli/commands/audit_holds.h"
#include "cli/commands/audit_prove.h"
#include "cli/commands/audit_retention.h"
#include "cli/commands/audit_search.h"
#include "cli/commands/audit_sinks.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::AuditService;

void AddExport(CLI::App* noun, Invocation& invocation) {
  auto filter = std::make_shared<EventFilterOptions>();
  auto out = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("proofs");
  CLI::App* leaf =
      noun->add_subcommand("export", "The trail, with its proofs or in another format");
  filter->AddTo(leaf);
  leaf->add_option("--format", *format, EnumNames(*audit::v1::ExportFormat_descriptor()))
      ->capture_default_str();
  leaf->add_option("--out", *out, "Write to this file; otherwise standard output");
  OnRun(leaf, invocation, [filter, out, format](Invocation& run) -> absl::Status {
    audit::v1::ExportEventsRequest what;
    ASSIGN_OR_RETURN(*what.mutable_filter(), filter->Read());
    const int number = EnumNumber(*audit::v1::ExportFormat_descriptor(), *format);
    if (number < 0) {
      return absl::InvalidArgumentError(StrCat("--format ", *format, ": one of ",
                                               EnumNames(*audit::v1::ExportFormat_descriptor())));
    }
    what.set_format(static_cast<audit::v1::ExportFormat>(number));
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
              "  kasbah audit tail --outcome denied\n"
              "  kasbah audit checkpoint -o json | jq -r .verifier_key > log.key\n"
              "  kasbah audit export --out trail.jsonl\n"
              "  kasbah audit verify trail.jsonl --key log.key\n"
              "  kasbah audit export --format csv --since 24h --out yesterday.csv\n"
              "  kasbah audit sinks list");
  AddAuditSearch(noun, invocation);
  AddAuditAppend(noun, invocation);
  AddExport(noun, invocation);
  AddCheckpoint(noun, invocation);
  AddAuditProofs(noun, invocation);
  AddAuditSinks(*noun, invocation);
  AddRetention(noun, invocation);
  AddArchives(noun, invocation);
  AddHolds(noun, invocation);
  AddRedact(noun, invocation);
}

}  // namespace kasbah::cli
