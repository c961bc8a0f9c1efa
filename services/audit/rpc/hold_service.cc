#include "services/audit/rpc/hold_service.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/rpc/period.h"
#include "services/audit/store/hold_store.h"

namespace kasbah::audit {
namespace {

constexpr int kMostListed = 1000;

std::optional<std::string> TextOf(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

absl::StatusOr<Hold> HoldOf(const v1::CreateHoldRequest& request, absl::Time now) {
  ASSIGN_OR_RETURN(const Period period, PeriodOf(request));
  Hold hold;
  hold.id = HoldId::New(now);
  hold.actor_id = TextOf(request.actor_id());
  hold.target_id = TextOf(request.target_id());
  hold.start = period.start;
  hold.end = period.end;
  hold.reason = request.reason();
  hold.created_at = now;
  return hold;
}

v1::Hold ProtoOf(const Hold& hold) {
  v1::Hold proto;
  proto.set_hold_id(hold.id.ToString());
  proto.set_actor_id(hold.actor_id.value_or(""));
  proto.set_target_id(hold.target_id.value_or(""));
  if (hold.start != absl::InfinitePast()) *proto.mutable_start_time() = ToTimestamp(hold.start);
  if (hold.end != absl::InfiniteFuture()) *proto.mutable_end_time() = ToTimestamp(hold.end);
  proto.set_reason(hold.reason);
  *proto.mutable_create_time() = ToTimestamp(hold.created_at);
  if (hold.released_at) *proto.mutable_release_time() = ToTimestamp(*hold.released_at);
  return proto;
}

// What of a hold narrows: for the trail, which is not told the values.
std::string NamesOf(const Hold& hold) {
  std::string names;
  const auto add = [&names](std::string_view name, bool is_set) {
    if (is_set) names.append(names.empty() ? "" : ",").append(name);
  };
  add("actor", hold.actor_id.has_value());
  add("target", hold.target_id.has_value());
  add("time", hold.start != absl::InfinitePast() || hold.end != absl::InfiniteFuture());
  return names.empty() ? "everything" : names;
}

}  // namespace

HoldService::HoldService(rpc::Pipeline& pipeline, postgres::Database& database,
                         outbox::Outbox& outbox, const Clock& clock)
    : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

absl::StatusOr<v1::Hold> HoldService::Create(const rpc::Call& call,
                                             const v1::CreateHoldRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  // Refused as suspended before anything that the request says is looked at.
  RETURN_IF_ERROR(
      database_.WithTenant(call, [](postgres::Transaction&) { return absl::OkStatus(); }));
  ASSIGN_OR_RETURN(const Hold hold, HoldOf(request, clock_.Now()));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) {
    hold_store::Insert(tx, call.tenant, hold);
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "audit.create_hold", {"audit_hold", hold.id.ToString(), ""},
                          {{"matches", NamesOf(hold)}, {"reason", hold.reason}}));
  }));
  return ProtoOf(hold);
}

absl::StatusOr<v1::Hold> HoldService::Release(const rpc::Call& call,
                                              const v1::ReleaseHoldRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const HoldId id, HoldId::Parse(request.hold_id()));
  const auto release = [&](postgres::Transaction& tx) -> absl::StatusOr<Hold> {
    auto released = hold_store::Release(tx, call.tenant, id, clock_.Now());
    ASSIGN_OR_RETURN(const Hold hold, hold_store::Get(tx, call.tenant, id).Await());
    // Again: nothing changes, but somebody meant it to.
    ASSIGN_OR_RETURN(const bool held, released.Await());
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "audit.release_hold", {"audit_hold", id.ToString(), ""},
                          {{"held", held ? "true" : "false"}})));
    return hold;
  };
  ASSIGN_OR_RETURN(const Hold hold, database_.WithTenant(call, release));
  return ProtoOf(hold);
}

absl::StatusOr<v1::ListHoldsResponse> HoldService::List(const rpc::Call& call,
                                                        const v1::ListHoldsRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::vector<Hold> holds,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return hold_store::List(tx, call.tenant, kMostListed);
                   }));
  v1::ListHoldsResponse reply;
  for (const Hold& hold : holds) *reply.add_holds() = ProtoOf(hold);
  return reply;
}

}  // namespace kasbah::audit
