#include "services/audit/rpc/proof_service.h"

#include <map>
#include <optional>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/merkle/tlog_proof.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/log/log_tiles.h"
#include "services/audit/log/missing_event.h"
#include "services/audit/store/archive_store.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/self_check_store.h"

namespace kasbah::audit {
namespace {

constexpr int kMostDamage = 1000;
constexpr std::string_view kCheckpointPath = "checkpoint";

v1::Damage ProtoOf(const FoundDamage& found) {
  v1::Damage damage;
  damage.set_tenant_id(found.tenant.ToString());
  damage.set_kind(found.kind);
  damage.set_place(found.place);
  *damage.mutable_found_at() = ToTimestamp(found.found_at);
  *damage.mutable_seen_at() = ToTimestamp(found.seen_at);
  return damage;
}

}  // namespace

ProofService::ProofService(rpc::Pipeline& pipeline, postgres::Database& database,
                           postgres::Door& door, Checkpointer& checkpointer, SystemLog& system_log)
    : pipeline_(pipeline),
      database_(database),
      door_(door),
      checkpointer_(checkpointer),
      system_log_(system_log) {}

absl::StatusOr<v1::GetTileResponse> ProofService::Tile(const rpc::Call& call,
                                                       const v1::GetTileRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  v1::GetTileResponse reply;
  if (request.path() == kCheckpointPath) {
    ASSIGN_OR_RETURN(SignedCheckpoint head, checkpointer_.Current(call));
    reply.set_content(std::move(head.note));
    reply.set_content_type("text/plain; charset=utf-8");
    return reply;
  }
  ASSIGN_OR_RETURN(
      *reply.mutable_content(),
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<std::string> {
        ASSIGN_OR_RETURN(const std::optional<HeadState> head,
                         checkpoint_store::Find(tx, call.tenant).Await());
        const absl::StatusOr<merkle::TilePath> path = merkle::TilePath::Parse(request.path());
        if (!path.ok()) return InvalidField("path", FromAbsl(path.status().message()));
        return ReadTileFile(tx, call.tenant, head ? head->size : 0, *path);
      }));
  reply.set_content_type("application/octet-stream");
  return reply;
}

absl::StatusOr<v1::GetEventProofResponse> ProofService::EventProof(
    const rpc::Call& call, const v1::GetEventProofRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(SignedCheckpoint head, checkpointer_.Current(call));
  const uint64_t sequence = request.sequence();
  const uint64_t size = head.checkpoint.size;
  if (sequence >= size) return NotFound("event");
  LogNodes nodes(call.tenant, size);
  merkle::TlogProof proof;
  ASSIGN_OR_RETURN(
      proof.extra,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<std::string> {
        auto leaves = tree_store::ReadLeaves(tx, call.tenant, sequence, sequence + 1);
        const absl::Status loaded = nodes.Load(tx, merkle::InclusionNodes(sequence, size));
        auto archive = archive_store::FindWith(tx, call.tenant, sequence);
        ASSIGN_OR_RETURN(const std::vector<std::string> found, leaves.Await());
        ASSIGN_OR_RETURN(const std::optional<Archive> bundle, archive.Await());
        // What left for a bundle may have left its leaf or its tile behind, not both for long.
        if (bundle && (found.empty() || absl::IsDataLoss(loaded))) return ArchivedEvent(*bundle);
        if (found.empty()) {
          return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
                       StrCat("the log is damaged: the leaf of event ", sequence, " is missing"));
        }
        RETURN_IF_ERROR(loaded);
        return found.front();
      }));
  proof.index = sequence;
  ASSIGN_OR_RETURN(proof.hashes, merkle::BuildInclusion(sequence, size, nodes));
  proof.checkpoint = std::move(head.note);
  v1::GetEventProofResponse reply;
  reply.set_proof(proof.Serialize());
  reply.set_verifier_key(std::move(head.verifier_key));
  return reply;
}

absl::StatusOr<v1::GetWitnessedHeadResponse> ProofService::Witnessed(
    const rpc::Call& call, const v1::GetWitnessedHeadRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  // Entering the tenant is the check; the rest is behind the door.
  RETURN_IF_ERROR(
      database_.WithTenant(call, [](postgres::Transaction&) { return absl::OkStatus(); }));
  ASSIGN_OR_RETURN(WitnessedHead head, system_log_.Find(call.tenant, call.deadline));
  ASSIGN_OR_RETURN(const merkle::VerifierKey key, system_log_.VerifierKey());
  v1::GetWitnessedHeadResponse reply;
  reply.set_size(head.size);
  reply.set_root(std::string(merkle::View(head.root)));
  reply.set_proof(std::move(head.proof));
  reply.set_verifier_key(key.ToString());
  for (const merkle::VerifierKey& witness : system_log_.witnesses()) {
    reply.add_witness_keys(witness.ToString());
  }
  reply.set_quorum(static_cast<uint32_t>(system_log_.quorum()));
  return reply;
}

absl::StatusOr<v1::GetSelfCheckResponse> ProofService::SelfCheckOf(const rpc::Call& call,
                                                                   const v1::GetSelfCheckRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  std::optional<CheckState> state;
  std::vector<FoundDamage> damage;
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    auto found = self_check_store::FindState(tx, call.tenant);
    auto listed = self_check_store::ListDamageOf(tx, call.tenant, kMostDamage);
    ASSIGN_OR_RETURN(state, found.Await());
    ASSIGN_OR_RETURN(damage, listed.Await());
    return absl::OkStatus();
  }));
  v1::GetSelfCheckResponse reply;
  if (state) {
    reply.set_checked_events(state->checked);
    reply.set_passed_events(state->passed);
    if (state->finished_at) *reply.mutable_finished_at() = ToTimestamp(*state->finished_at);
    if (state->started_at) *reply.mutable_started_at() = ToTimestamp(*state->started_at);
  }
  for (const FoundDamage& found : damage) *reply.add_damage() = ProtoOf(found);
  return reply;
}

absl::StatusOr<v1::GetSystemLogResponse> ProofService::System(const rpc::Call& call,
                                                              const v1::GetSystemLogRequest&) {
  ASSIGN_OR_RETURN(const merkle::VerifierKey key, system_log_.VerifierKey());
  std::vector<std::string> names;
  for (const merkle::VerifierKey& witness : system_log_.witnesses()) {
    names.push_back(witness.name());
  }
  std::optional<SystemCheckpoint> newest;
  std::optional<SystemCheckpoint> witnessed;
  std::vector<WitnessState> states;
  RETURN_IF_ERROR(door_.Run(call.deadline, [&](postgres::Transaction& tx) -> absl::Status {
    auto last = system_log_store::FindCheckpoint(tx, {}, 0);
    auto seen = system_log_store::FindCheckpoint(tx, names, system_log_.quorum());
    auto listed = system_log_store::ListWitnesses(tx);
    ASSIGN_OR_RETURN(newest, last.Await());
    ASSIGN_OR_RETURN(witnessed, seen.Await());
    ASSIGN_OR_RETURN(states, listed.Await());
    return absl::OkStatus();
  }));
  v1::GetSystemLogResponse reply;
  reply.set_verifier_key(key.ToString());
  reply.set_quorum(static_cast<uint32_t>(system_log_.quorum()));
  if (newest) {
    reply.set_size(newest->size);
    reply.set_checkpoint(newest->note + newest->cosignatures);
  }
  if (witnessed) reply.set_witnessed_size(witnessed->size);
  std::map<std::string, WitnessState> known;
  for (WitnessState& state : states) known[state.name] = std::move(state);
  for (const merkle::VerifierKey& key_of_witness : system_log_.witnesses()) {
    v1::Witness* witness = reply.add_witnesses();
    witness->set_verifier_key(key_of_witness.ToString());
    const auto state = known.find(key_of_witness.name());
    if (state == known.end()) continue;
    witness->set_size(state->second.size);
    witness->set_failure(state->second.failure);
    if (state->second.cosigned_at) {
      *witness->mutable_cosigned_at() = ToTimestamp(*state->second.cosigned_at);
    }
  }
  return reply;
}

absl::StatusOr<v1::ListDamageResponse> ProofService::Damages(const rpc::Call& call,
                                                             const v1::ListDamageRequest&) {
  ASSIGN_OR_RETURN(const std::vector<FoundDamage> found,
                   door_.Run(call.deadline, [](postgres::Transaction& tx) {
                     return self_check_store::ListDamage(tx, kMostDamage);
                   }));
  v1::ListDamageResponse reply;
  for (const FoundDamage& one : found) *reply.add_damage() = ProtoOf(one);
  return reply;
}

}  // namespace kasbah::audit
