#include "services/vault/rpc/rewrap_service.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/store/rewrap_store.h"

namespace kasbah::vault {
namespace {

constexpr int kListed = 100;

// Both enumerations name the same states in the same order.
static_assert(static_cast<int>(RewrapState::kRunning) + 1 == v1::Rewrap::STATE_RUNNING);
static_assert(static_cast<int>(RewrapState::kDone) + 1 == v1::Rewrap::STATE_DONE);

v1::Rewrap ToProto(const Rewrap& rewrap) {
  v1::Rewrap reply;
  reply.set_rewrap_id(rewrap.id.ToString());
  reply.set_key(rewrap.name.ToString());
  reply.set_target_version(rewrap.target_version);
  reply.set_state(static_cast<v1::Rewrap::State>(static_cast<int>(rewrap.state) + 1));
  reply.set_total(rewrap.total);
  reply.set_seen(rewrap.seen);
  reply.set_rewrapped(rewrap.rewrapped);
  reply.set_failed(rewrap.failed);
  reply.set_waiting_for(rewrap.waiting_for);
  *reply.mutable_create_time() = ToTimestamp(rewrap.created_at);
  *reply.mutable_update_time() = ToTimestamp(rewrap.updated_at);
  if (rewrap.finished_at) *reply.mutable_finish_time() = ToTimestamp(*rewrap.finished_at);
  return reply;
}

}  // namespace

RewrapService::RewrapService(rpc::Pipeline& pipeline, postgres::Database& database,
                             outbox::Outbox& outbox, const RootKeys& root, KeyStore& keys,
                             const KeyRetirement& retirement, const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      root_(root),
      keys_(keys),
      retirement_(retirement),
      clock_(clock) {}

absl::Status RewrapService::Admit(const rpc::Call& call) const {
  RETURN_IF_ERROR(root_.Ready());
  return rpc::RequireTenantWide(call);
}

absl::StatusOr<v1::Rewrap> RewrapService::Start(const rpc::Call& call,
                                                const v1::StartRewrapRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const KeyName name, KeyName::Parse(request.key()));
  ASSIGN_OR_RETURN(const StoredKey key, keys_.Get(call, name));
  ASSIGN_OR_RETURN(const auto references, retirement_.Count(call, key));
  if (key.primary_version == 1) {
    return Error(absl::StatusCode::kFailedPrecondition, "REWRAP_NOT_NEEDED",
                 "the key has one version, which sealed everything; rotate it first");
  }
  Rewrap rewrap;
  rewrap.id = RewrapId::New(clock_.Now());
  rewrap.key = key.id;
  rewrap.target_version = key.primary_version;
  for (const auto& [version, count] : references) {
    if (version < key.primary_version) rewrap.total += count;
  }
  ASSIGN_OR_RETURN(
      const Rewrap started,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Rewrap>> {
            RewrapStore::Insert(tx, call.tenant, rewrap);
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call,
                outbox::Succeeded(call, clock_, "key.rewrap.start",
                                  {"key", key.id.ToString(), key.name.ToString()},
                                  {{"rewrap_id", rewrap.id.ToString()},
                                   {"target_version", StrCat(rewrap.target_version)}})));
            return RewrapStore::Get(tx, call.tenant, rewrap.id);
          }));
  return ToProto(started);
}

absl::StatusOr<v1::Rewrap> RewrapService::Get(const rpc::Call& call,
                                              const v1::GetRewrapRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const RewrapId id, RewrapId::Parse(request.rewrap_id()));
  ASSIGN_OR_RETURN(const Rewrap rewrap, database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return RewrapStore::Get(tx, call.tenant, id);
  }));
  return ToProto(rewrap);
}

absl::StatusOr<v1::ListRewrapsResponse> RewrapService::List(const rpc::Call& call,
                                                            const v1::ListRewrapsRequest&) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const std::vector<Rewrap> rewraps,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return RewrapStore::List(tx, call.tenant, kListed);
                   }));
  v1::ListRewrapsResponse reply;
  for (const Rewrap& rewrap : rewraps) *reply.add_rewraps() = ToProto(rewrap);
  return reply;
}

absl::StatusOr<v1::Rewrap> RewrapService::SetState(const rpc::Call& call, const std::string& id,
                                                   std::string_view action, RewrapState state) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const RewrapId rewrap, RewrapId::Parse(id));
  ASSIGN_OR_RETURN(
      const Rewrap changed,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Rewrap>> {
            ASSIGN_OR_RETURN(const Rewrap held,
                             RewrapStore::GetForUpdate(tx, call.tenant, rewrap).Await());
            RETURN_IF_ERROR(CheckTransition(held.state, state));
            if (held.state != state) {
              RewrapStore::SetState(tx, call.tenant, rewrap, state, clock_.Now());
              RETURN_IF_ERROR(outbox_.AppendAudit(
                  tx, call,
                  outbox::Succeeded(call, clock_, action,
                                    {"key", held.key.ToString(), held.name.ToString()},
                                    {{"rewrap_id", id}})));
            }
            return RewrapStore::Get(tx, call.tenant, rewrap);
          }));
  return ToProto(changed);
}

absl::StatusOr<v1::Rewrap> RewrapService::Pause(const rpc::Call& call,
                                                const v1::PauseRewrapRequest& request) {
  return SetState(call, request.rewrap_id(), "key.rewrap.pause", RewrapState::kPaused);
}

absl::StatusOr<v1::Rewrap> RewrapService::Resume(const rpc::Call& call,
                                                 const v1::ResumeRewrapRequest& request) {
  return SetState(call, request.rewrap_id(), "key.rewrap.resume", RewrapState::kRunning);
}

absl::StatusOr<v1::Rewrap> RewrapService::Cancel(const rpc::Call& call,
                                                 const v1::CancelRewrapRequest& request) {
  return SetState(call, request.rewrap_id(), "key.rewrap.cancel", RewrapState::kCancelled);
}

}  // namespace kasbah::vault
