#include "cli/commands/audit_holds.h"

#include "cli/commands/options.h"
#include "kasbah/audit/v1/holds.grpc.pb.h"
#include "kasbah/audit/v1/redaction.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::Hold;
using Stub = audit::v1::HoldService::Stub;

// --since and --until of a request.
struct PeriodOptions {
  std::string since;
  std::string until;

  void AddTo(CLI::App* leaf) {
    leaf->add_option("--since", since, "From this time on: 2026-05-01T00:00:00Z, or 2h ago: 2h");
    leaf->add_option("--until", until, "Before this time");
  }
  template <typename Request>
  absl::Status Read(Request* request) const {
    if (!since.empty()) RETURN_IF_ERROR(ReadTime("--since", since, request->mutable_start_time()));
    if (!until.empty()) RETURN_IF_ERROR(ReadTime("--until", until, request->mutable_end_time()));
    return absl::OkStatus();
  }
};

std::string MatchesOf(const Hold& hold) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) StrAppend(&text, text.empty() ? "" : ", ", name, " ", value);
  };
  add("actor", hold.actor_id());
  add("target", hold.target_id());
  if (hold.has_start_time()) add("from", ToCell(hold.start_time(), true));
  if (hold.has_end_time()) add("until", ToCell(hold.end_time(), true));
  return text.empty() ? "everything" : text;
}

std::string Describe(const Hold& hold) {
  return ToString({{"hold", hold.hold_id()},
                   {"matches", MatchesOf(hold)},
                   {"reason", hold.reason()},
                   {"placed", ToCell(hold.create_time(), hold.has_create_time())},
                   {"released", ToCell(hold.release_time(), hold.has_release_time())}});
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::CreateHoldRequest>();
  auto period = std::make_shared<PeriodOptions>();
  CLI::App* leaf = noun->add_subcommand("create", "Keep events that match all that is said here");
  leaf->add_option_function<std::string>(
      "--actor", [request](const std::string& id) { request->set_actor_id(id); }, "Who acted");
  leaf->add_option_function<std::string>(
      "--target", [request](const std::string& id) { request->set_target_id(id); }, "With what");
  period->AddTo(leaf);
  leaf->add_option_function<std::string>(
          "--reason", [request](const std::string& text) { request->set_reason(text); },
          "The matter, such as a file number")
      ->required();
  OnRun(leaf, invocation, [request, period](Invocation& run) -> absl::Status {
    RETURN_IF_ERROR(period->Read(request.get()));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Hold reply, client->Call(&Stub::CreateHold, *request));
    return run.Show(reply, [&] { return Describe(reply); });
  });
}

void AddRelease(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("release", "Let go what it alone keeps");
  leaf->add_option("hold", *id, "hld_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    audit::v1::ReleaseHoldRequest request;
    request.set_hold_id(*id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Hold reply, client->Call(&Stub::ReleaseHold, request));
    return run.Show(reply, [&] { return Describe(reply); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "The newest first, released ones among them");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&Stub::ListHolds, audit::v1::ListHoldsRequest()));
    return run.Show(reply, [&] {
      Table table({"HOLD", "MATCHES", "REASON", "PLACED", "RELEASED"});
      for (const Hold& hold : reply.holds()) {
        table.Add({hold.hold_id(), MatchesOf(hold), hold.reason(),
                   ToCell(hold.create_time(), hold.has_create_time()),
                   ToCell(hold.release_time(), hold.has_release_time())});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddHolds(CLI::App* audit, Invocation& invocation) {
  CLI::App* noun = audit->add_subcommand("holds", "Legal holds: events that stay");
  noun->require_subcommand(1);
  AddCreate(noun, invocation);
  AddRelease(noun, invocation);
  AddList(noun, invocation);
}

void AddRedact(CLI::App* audit, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::RedactEventsRequest>();
  auto period = std::make_shared<PeriodOptions>();
  auto fields = std::make_shared<std::vector<std::string>>();
  const auto* type = audit::v1::PersonalField_descriptor();
  CLI::App* leaf = audit->add_subcommand(
      "redact", "Destroy personal values of events; every proof stays as it was");
  leaf->add_option_function<std::vector<uint64_t>>(
      "--event",
      [request](const std::vector<uint64_t>& sequences) {
        request->mutable_sequences()->Add(sequences.begin(), sequences.end());
      },
      "Sequence of an event; may be repeated");
  leaf->add_option_function<std::string>(
      "--subject", [request](const std::string& id) { request->set_subject_id(id); },
      "Instead: every event of whoever has this id or name");
  period->AddTo(leaf);
  leaf->add_option("--field", *fields, StrCat("All, or: ", EnumNames(*type)));
  leaf->add_option_function<std::string>(
          "--reason", [request](const std::string& text) { request->set_reason(text); }, "Why")
      ->required();
  OnRun(leaf, invocation, [request, period, fields, type](Invocation& run) -> absl::Status {
    RETURN_IF_ERROR(period->Read(request.get()));
    for (const std::string& field : *fields) {
      const int number = EnumNumber(*type, field);
      if (number < 0) {
        return absl::InvalidArgumentError(StrCat("--field ", field, ": one of ", EnumNames(*type)));
      }
      request->add_fields(static_cast<audit::v1::PersonalField>(number));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&audit::v1::RedactionService::Stub::RedactEvents, *request));
    return run.Show(reply, [&] {
      return ToString({{"redacted", StrCat(reply.sequences_size(),
                                           reply.sequences_size() == 1 ? " event" : " events")},
                       {"more", reply.more() ? "yes: again" : "no"},
                       {"bundles", reply.archives_pending() ? "soon" : "none"}});
    });
  });
}

}  // namespace kasbah::cli
