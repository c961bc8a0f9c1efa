#include "cli/commands/audit_prove.h"

#include "cli/client/trail_check.h"
#include "kasbah/audit/v1/proofs.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::ProofService;

void AddTrust(CLI::App* leaf, TrailTrust* trust) {
  leaf->add_option("--key", trust->key,
                   "The log's verifier key (name+hash+base64), or a file with "
                   "it")
      ->required();
  leaf->add_option("--system-key", trust->system_key,
                   "The system log's verifier key, or a file with it");
  leaf->add_option("--witness", trust->witnesses,
                   "A witness's verifier key, or a file with it; may be said again")
      ->allow_extra_args(false);
  leaf->add_option("--quorum", trust->quorum, "How many of them; otherwise all");
}

// Prints what was checked; the exit code is 1 where something does not hold.
absl::Status ShowReport(Invocation& run, const TrailReport& report) {
  if (run.json()) {
    Print(report.json.dump(2) + "\n");
    run.exit_code = report.ok() ? kExitOk : kExitLocal;
    return absl::OkStatus();
  }
  for (const std::string& line : report.checked) Print(StrCat("  ", line, "\n"));
  if (!report.ok()) return absl::DataLossError(StrCat("DOES NOT HOLD: ", report.fault));
  Print(StrCat(run.terminal.Styled(Terminal::Style::kGood, "OK"), ": all of it holds\n"));
  return absl::OkStatus();
}

void AddVerify(CLI::App* noun, Invocation& invocation) {
  auto files = std::make_shared<std::vector<std::string>>();
  auto trust = std::make_shared<TrailTrust>();
  CLI::App* leaf = noun->add_subcommand("verify", "Check exported trails and proofs, offline");
  leaf->add_option("files", *files,
                   "What `kasbah audit export` or `kasbah audit proof` wrote; several exports in "
                   "their order")
      ->required();
  AddTrust(leaf, trust.get());
  leaf->add_option("--checkpoint", trust->checkpoints,
                   "A checkpoint that was kept: the trail has to hold it; may be said again")
      ->allow_extra_args(false);
  leaf->add_option("--witnessed", trust->witnessed,
                   "What `kasbah audit witnessed` wrote: the trail has to hold it");
  leaf->footer(
      "Trusts nothing but the keys. `kasbah audit checkpoint` prints the log's: keep it from the\n"
      "day you start. Several exports by time (--since, --until) have to follow each other "
      "without\n"
      "a gap. Names the first thing that does not hold, and ends with 1.\n\n"
      "Examples:\n"
      "  kasbah audit verify trail.jsonl --key log.key --checkpoint yesterday.checkpoint\n"
      "  kasbah audit verify 2026-*.jsonl --key log.key\n"
      "  kasbah audit verify trail.jsonl --key log.key --witnessed seen.tlog-proof \\\n"
      "    --system-key system.key --witness w1.key --witness w2.key");
  OnRun(leaf, invocation, [files, trust](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const TrailReport report, CheckTrailFiles(*files, *trust));
    return ShowReport(run, report);
  });
}

void AddVerifyLive(CLI::App* noun, Invocation& invocation) {
  auto trust = std::make_shared<TrailTrust>();
  auto state = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("verify-live",
                                        "Check that the log goes on from the head seen last time");
  AddTrust(leaf, trust.get());
  leaf->add_option("--state", *state, "File that keeps the head; made the first time")->required();
  leaf->footer(
      "For a timer of your own. A head that does not follow is not kept, so the next look finds "
      "it\n"
      "again. With --system-key and --witness the log is held against what witnesses saw, too.\n\n"
      "Example:\n"
      "  kasbah audit verify-live --key log.key --state head.checkpoint");
  OnRun(leaf, invocation, [trust, state](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const TrailReport report, CheckLiveTrail(*client, *trust, *state));
    return ShowReport(run, report);
  });
}

void AddProof(CLI::App* noun, Invocation& invocation) {
  auto sequence = std::make_shared<uint64_t>(0);
  CLI::App* leaf = noun->add_subcommand("proof", "One event's proof, a C2SP tlog-proof");
  leaf->add_option("sequence", *sequence, "The event's number")->required();
  leaf->footer("Example:\n  kasbah audit proof 5 > event-5.tlog-proof");
  OnRun(leaf, invocation, [sequence](Invocation& run) -> absl::Status {
    audit::v1::GetEventProofRequest request;
    request.set_sequence(*sequence);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ProofService::Stub::GetEventProof, request));
    return run.Show(reply, [&] { return reply.proof(); });
  });
}

void AddTile(CLI::App* noun, Invocation& invocation) {
  auto path = std::make_shared<std::string>();
  CLI::App* leaf =
      noun->add_subcommand("tile", "A file of the log, as C2SP tlog-tiles lays it out");
  leaf->add_option("path", *path, "checkpoint, tile/0/000, tile/1/000.p/17, tile/entries/000.p/5")
      ->required();
  OnRun(leaf, invocation, [path](Invocation& run) -> absl::Status {
    audit::v1::GetTileRequest request;
    request.set_path(*path);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ProofService::Stub::GetTile, request));
    return run.Show(reply, [&] { return reply.content(); });
  });
}

void AddWitnessed(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf =
      noun->add_subcommand("witnessed", "How far witnesses saw the log, a C2SP tlog-proof");
  leaf->footer("Example:\n  kasbah audit witnessed > seen.tlog-proof");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ProofService::Stub::GetWitnessedHead,
                                                    audit::v1::GetWitnessedHeadRequest()));
    return run.Show(reply, [&] { return reply.proof(); });
  });
}

std::string TableOf(const google::protobuf::RepeatedPtrField<audit::v1::Damage>& damage) {
  Table table({"LOG", "KIND", "PLACE", "FOUND", "SEEN"});
  for (const audit::v1::Damage& one : damage) {
    table.Add({one.tenant_id(), one.kind(), one.place(), ToCell(one.found_at(), true),
               ToCell(one.seen_at(), true)});
  }
  return table.ToString();
}

void AddSelfCheck(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf =
      noun->add_subcommand("self-check", "What the service found when it walked the log itself");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ProofService::Stub::GetSelfCheck,
                                                    audit::v1::GetSelfCheckRequest()));
    return run.Show(reply, [&] {
      std::string text =
          ToString({{"checked", StrCat(reply.checked_events(), " events")},
                    {"finished", ToCell(reply.finished_at(), reply.has_finished_at())},
                    {"under way", StrCat(reply.passed_events(), " events")},
                    {"damage", reply.damage_size() == 0 ? "none" : StrCat(reply.damage_size())}});
      if (reply.damage_size() > 0) StrAppend(&text, "\n", TableOf(reply.damage()));
      return text;
    });
  });
}

void AddDamage(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf =
      noun->add_subcommand("damage", "What is not as it was written, in all logs (operators)");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->CallSystem(&ProofService::Stub::ListDamage,
                                                          audit::v1::ListDamageRequest()));
    return run.Show(reply, [&] { return TableOf(reply.damage()); });
  });
}

void AddWitnesses(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf =
      noun->add_subcommand("witnesses", "The system log, its key and its witnesses (operators)");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->CallSystem(&ProofService::Stub::GetSystemLog,
                                                          audit::v1::GetSystemLogRequest()));
    return run.Show(reply, [&] {
      std::string text = ToString({{"key", reply.verifier_key()},
                                   {"size", StrCat(reply.size())},
                                   {"witnessed", StrCat(reply.witnessed_size())},
                                   {"quorum", StrCat(reply.quorum())}});
      Table table({"WITNESS", "SIZE", "COSIGNED", "FAILURE"});
      for (const audit::v1::Witness& witness : reply.witnesses()) {
        table.Add({witness.verifier_key(), StrCat(witness.size()),
                   ToCell(witness.cosigned_at(), witness.has_cosigned_at()), witness.failure()});
      }
      if (!table.empty()) StrAppend(&text, "\n", table.ToString());
      return StrCat(text, "\n", reply.checkpoint());
    });
  });
}

}  // namespace

void AddAuditProofs(CLI::App* noun, Invocation& invocation) {
  AddVerify(noun, invocation);
  AddVerifyLive(noun, invocation);
  AddProof(noun, invocation);
  AddTile(noun, invocation);
  AddWitnessed(noun, invocation);
  AddSelfCheck(noun, invocation);
  AddDamage(noun, invocation);
  AddWitnesses(noun, invocation);
}

}  // namespace kasbah::cli
