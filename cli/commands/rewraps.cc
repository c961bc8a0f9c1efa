#include "cli/commands/rewraps.h"

#include <cstdio>

#include "absl/time/clock.h"
#include "cli/commands/named_call.h"
#include "kasbah/vault/v1/rewraps.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::Rewrap;
using vault::v1::RewrapService;
using Stub = RewrapService::Stub;

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(500);

std::string StateOf(const Rewrap& rewrap) {
  const std::string state = EnumName(*Rewrap::State_descriptor(), rewrap.state());
  return rewrap.waiting_for().empty() ? state : StrCat(state, ", waiting: ", rewrap.waiting_for());
}

std::string ProgressOf(const Rewrap& rewrap) {
  return StrCat(rewrap.rewrapped(), " of ", rewrap.total());
}

std::string Describe(const Rewrap& rewrap) {
  return ToString({{"rewrap", rewrap.rewrap_id()},
                   {"key", rewrap.key()},
                   {"to version", StrCat(rewrap.target_version())},
                   {"state", StateOf(rewrap)},
                   {"rewrapped", ProgressOf(rewrap)},
                   {"failed", StrCat(rewrap.failed())},
                   {"started", ToCell(rewrap.create_time(), rewrap.has_create_time())},
                   {"finished", ToCell(rewrap.finish_time(), rewrap.has_finish_time())}});
}

bool IsOver(const Rewrap& rewrap) {
  return rewrap.state() == Rewrap::STATE_DONE || rewrap.state() == Rewrap::STATE_CANCELLED;
}

// Looks until it is over or paused, showing how far it is on a terminal.
absl::StatusOr<Rewrap> Follow(Client& client, Rewrap rewrap, bool show) {
  while (!IsOver(rewrap) && rewrap.state() != Rewrap::STATE_PAUSED) {
    if (show) {
      std::fprintf(stderr, "\r\033[K%s  %s", ProgressOf(rewrap).c_str(), StateOf(rewrap).c_str());
    }
    absl::SleepFor(kBetweenLooks);
    vault::v1::GetRewrapRequest get;
    get.set_rewrap_id(rewrap.rewrap_id());
    ASSIGN_OR_RETURN(rewrap, client.Call(&Stub::GetRewrap, get));
  }
  if (show) std::fprintf(stderr, "\r\033[K");
  return rewrap;
}

absl::Status ShowOne(Invocation& run, const Rewrap& rewrap) {
  return run.Show(rewrap, [&] { return Describe(rewrap); });
}

void AddStart(CLI::App* noun, Invocation& invocation) {
  auto key = std::make_shared<std::string>();
  auto wait = std::make_shared<bool>(false);
  CLI::App* leaf = noun->add_subcommand(
      "start", "Seal again, under a key's newest version, what older ones sealed");
  leaf->add_option("key", *key, "\"secrets\", or a whole name: service/tenant-data/fields")
      ->required();
  leaf->add_flag("--wait", *wait, "Stay until it is done, showing how far it is");
  OnRun(leaf, invocation, [key, wait](Invocation& run) -> absl::Status {
    vault::v1::StartRewrapRequest request;
    request.set_key(*key);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(Rewrap rewrap, client->Call(&Stub::StartRewrap, request));
    if (*wait) {
      ASSIGN_OR_RETURN(rewrap,
                       Follow(*client, std::move(rewrap), run.terminal.stderr_is_terminal()));
    }
    return ShowOne(run, rewrap);
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "The newest 100");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&Stub::ListRewraps, vault::v1::ListRewrapsRequest()));
    return run.Show(reply, [&] {
      Table table({"REWRAP", "KEY", "TO", "STATE", "REWRAPPED", "FAILED", "STARTED"});
      for (const Rewrap& rewrap : reply.rewraps()) {
        table.Add({rewrap.rewrap_id(), rewrap.key(), StrCat(rewrap.target_version()),
                   StateOf(rewrap), ProgressOf(rewrap), StrCat(rewrap.failed()),
                   ToCell(rewrap.create_time(), rewrap.has_create_time())});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddRewraps(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "rewraps",
                           "Sealing again, under a key's newest version, what older ones sealed",
                           "  kasbah --tenant ten_01h… keys rotate secrets\n"
                           "  kasbah --tenant ten_01h… rewraps start secrets --wait\n"
                           "  kasbah --tenant ten_01h… keys destroy secrets --version 1");
  const auto add = [&](const char* verb, const char* help, auto method) {
    AddNamedCall(noun, invocation, verb, help, {"rewrap", "rwr_…"}, method, &Describe);
  };
  AddStart(noun, invocation);
  AddList(noun, invocation);
  add("get", "How far one is", &Stub::GetRewrap);
  add("pause", "Stop it after the page under way", &Stub::PauseRewrap);
  add("resume", "Go on with it", &Stub::ResumeRewrap);
  add("cancel", "Stop it for good; what is sealed again stays so", &Stub::CancelRewrap);
}

}  // namespace kasbah::cli
