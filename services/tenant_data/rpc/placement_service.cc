#include "services/tenant_data/rpc/placement_service.h"

#include <optional>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kListed = "moves";

// Both enumerations name the same states in the same order; the wire's begins with "unspecified".
static_assert(static_cast<int>(MoveStep::kPrepare) + 1 == v1::Move::STATE_PREPARING);
static_assert(static_cast<int>(MoveStep::kFailed) + 1 == v1::Move::STATE_FAILED);

v1::Move ToProto(const Move& move) {
  v1::Move proto;
  proto.set_move_id(move.id.ToString());
  proto.set_source(move.source);
  proto.set_target(move.target);
  proto.set_state(static_cast<v1::Move::State>(static_cast<int>(move.step) + 1));
  if (move.step == MoveStep::kCopy) proto.set_table(move.at_table);
  proto.set_copied_rows(move.copied);
  proto.set_caught_up_changes(move.caught_up);
  proto.set_attempts(move.attempts);
  const int64_t milliseconds = absl::ToInt64Milliseconds(move.held);
  proto.mutable_held()->set_seconds(milliseconds / 1000);
  proto.mutable_held()->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
  proto.set_problem(move.problem);
  *proto.mutable_create_time() = ToTimestamp(move.started);
  if (move.switched) *proto.mutable_switch_time() = ToTimestamp(*move.switched);
  if (move.finished) *proto.mutable_finish_time() = ToTimestamp(*move.finished);
  return proto;
}

}  // namespace

PlacementService::PlacementService(rpc::Pipeline& pipeline, Placements& placements)
    : pipeline_(pipeline), placements_(placements) {}

absl::StatusOr<v1::ListShardsResponse> PlacementService::Shards(const rpc::Call& call,
                                                                const v1::ListShardsRequest&) {
  ASSIGN_OR_RETURN(const auto shards, placements_.ListShards(call.deadline));
  v1::ListShardsResponse reply;
  for (const auto& shard : shards) {
    v1::ListShardsResponse::Shard& listed = *reply.add_shards();
    listed.set_name(shard.name);
    listed.set_tenants(shard.tenants);
    listed.set_answers(shard.answers);
  }
  return reply;
}

absl::StatusOr<v1::TenantPlacement> PlacementService::Placement(const rpc::Call& call,
                                                                const v1::GetPlacementRequest&) {
  v1::TenantPlacement reply;
  ASSIGN_OR_RETURN(*reply.mutable_shard(), placements_.ShardOf(call));
  return reply;
}

absl::StatusOr<v1::Move> PlacementService::Start(const rpc::Call& call,
                                                 const v1::StartMoveRequest& request) {
  ASSIGN_OR_RETURN(const Move move, placements_.Start(call, request.target()));
  return ToProto(move);
}

absl::StatusOr<v1::Move> PlacementService::Get(const rpc::Call& call,
                                               const v1::GetMoveRequest& request) {
  ASSIGN_OR_RETURN(const MoveId id, ParseId<MoveId>("move_id", request.move_id()));
  ASSIGN_OR_RETURN(const Move move, placements_.Get(call, id));
  return ToProto(move);
}

absl::StatusOr<v1::ListMovesResponse> PlacementService::List(const rpc::Call& call,
                                                             const v1::ListMovesRequest& request) {
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::optional<Uuid> before, ParsePageToken(request.page_token(), kListed));
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(const std::vector<Move> moves,
                   placements_.List(call, MoveId(before.value_or(Uuid())), size + 1));
  v1::ListMovesResponse reply;
  for (const Move& move : moves) {
    if (reply.moves_size() == size) {
      const size_t last = static_cast<size_t>(size) - 1;
      reply.set_next_page_token(FormatPageToken(moves[last].id.uuid(), kListed));
      break;
    }
    *reply.add_moves() = ToProto(move);
  }
  return reply;
}

absl::StatusOr<v1::Move> PlacementService::Cancel(const rpc::Call& call,
                                                  const v1::CancelMoveRequest& request) {
  ASSIGN_OR_RETURN(const MoveId id, ParseId<MoveId>("move_id", request.move_id()));
  ASSIGN_OR_RETURN(const Move move, placements_.Cancel(call, id));
  return ToProto(move);
}

}  // namespace kasbah::tenantdata
