#include "cli/commands/placement.h"

#include <cstdio>

#include "absl/time/clock.h"
#include "cli/client/paging.h"
#include "cli/commands/named_call.h"
#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Move;
using tenantdata::v1::PlacementService;
using Stub = PlacementService::Stub;

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(200);

std::string StateOf(const Move& move) {
  const std::string state = EnumName(*Move::State_descriptor(), move.state());
  return move.problem().empty() ? state : StrCat(state, ", problem: ", move.problem());
}

std::string HeldOf(const Move& move) {
  if (move.attempts() == 0) return "";
  const int64_t milliseconds = move.held().seconds() * 1000 + move.held().nanos() / 1'000'000;
  return StrCat(milliseconds, " ms",
                move.attempts() == 1 ? "" : StrCat(", at attempt ", move.attempts()));
}

std::string Describe(const Move& move) {
  return ToString({{"move", move.move_id()},
                   {"from", move.source()},
                   {"to", move.target()},
                   {"state", StateOf(move)},
                   {"copied", StrCat(move.copied_rows(), " rows")},
                   {"caught up", StrCat(move.caught_up_changes(), " changes")},
                   {"writes held", HeldOf(move)},
                   {"started", ToCell(move.create_time(), move.has_create_time())},
                   {"switched", ToCell(move.switch_time(), move.has_switch_time())},
                   {"finished", ToCell(move.finish_time(), move.has_finish_time())}});
}

// Nothing is left to wait for: it works at the target, or goes on where it was.
bool IsSettled(const Move& move) {
  return move.state() == Move::STATE_CLEANING || move.has_finish_time();
}

absl::StatusOr<Move> Follow(Client& client, Move move, bool show) {
  while (!IsSettled(move)) {
    if (show) {
      std::fprintf(stderr, "\r\033[K%s  %s %s rows", StateOf(move).c_str(), move.table().c_str(),
                   std::to_string(move.copied_rows()).c_str());
    }
    absl::SleepFor(kBetweenLooks);
    tenantdata::v1::GetMoveRequest get;
    get.set_move_id(move.move_id());
    ASSIGN_OR_RETURN(move, client.Call(&Stub::GetMove, get));
  }
  if (show) std::fprintf(stderr, "\r\033[K");
  return move;
}

void AddShards(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("shards", "Every database that has records");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->CallSystem(&Stub::ListShards, tenantdata::v1::ListShardsRequest()));
    return run.Show(reply, [&] {
      Table table({"SHARD", "TENANTS", "ANSWERS"});
      for (const auto& shard : reply.shards()) {
        table.Add({shard.name(), StrCat(shard.tenants()), shard.answers() ? "yes" : "no"});
      }
      return table.ToString();
    });
  });
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("get", "Where a tenant's records are");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto placement,
                     client->Call(&Stub::GetPlacement, tenantdata::v1::GetPlacementRequest()));
    return run.Show(placement, [&] { return ToString({{"shard", placement.shard()}}); });
  });
}

void AddMove(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::StartMoveRequest>();
  auto wait = std::make_shared<bool>(false);
  CLI::App* leaf = noun->add_subcommand("move", "Move a tenant's records while it works");
  leaf->add_option_function<std::string>(
          "shard", [request](const std::string& name) { request->set_target(name); },
          "Where to; \"main\" is the database of the list of tenants")
      ->required();
  leaf->add_flag("--wait", *wait, "Stay until the tenant works there, showing how far it is");
  OnRun(leaf, invocation, [request, wait](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(Move move, client->Call(&Stub::StartMove, *request));
    if (*wait) {
      ASSIGN_OR_RETURN(move, Follow(*client, std::move(move), run.terminal.stderr_is_terminal()));
    }
    return run.Show(move, [&] { return Describe(move); });
  });
}

void AddMoves(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("moves", "A tenant's moves, the newest first");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &Stub::ListMoves,
                             tenantdata::v1::ListMovesRequest(),
                             &tenantdata::v1::ListMovesResponse::mutable_moves, *limit));
    return run.Show(reply, [&] {
      Table table({"MOVE", "FROM", "TO", "STATE", "ROWS", "WRITES HELD", "STARTED"});
      for (const Move& move : reply.moves()) {
        table.Add({move.move_id(), move.source(), move.target(), StateOf(move),
                   StrCat(move.copied_rows()), HeldOf(move),
                   ToCell(move.create_time(), move.has_create_time())});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddPlacement(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "placement",
                           "Which database a tenant's records are in, and moving them (operators)",
                           "  kasbah placement shards\n"
                           "  kasbah --tenant ten_01h… placement move second --wait\n"
                           "  kasbah --tenant ten_01h… placement moves");
  AddShards(noun, invocation);
  AddGet(noun, invocation);
  AddMove(noun, invocation);
  AddMoves(noun, invocation);
  AddNamedCall(noun, invocation, "show", "How far a move is", {"move", "mov_…"}, &Stub::GetMove,
               &Describe);
  AddNamedCall(noun, invocation, "cancel", "Stop a move; the tenant goes on where it is",
               {"move", "mov_…"}, &Stub::CancelMove, &Describe);
}

}  // namespace kasbah::cli
