#include <optional>

#include "cli/client/trail_check.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/audit/v1/proofs.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include "libs/merkle/proof.h"
#include "libs/merkle/system_head.h"

namespace kasbah::cli {
namespace {

using merkle::Checkpoint;
using merkle::VerifierKey;

// Empty when the live log goes on from `older`; otherwise how it does not.
absl::StatusOr<std::string> HowItDiffers(Client& client, const std::string& source,
                                         const Checkpoint& older, const Checkpoint& now) {
  if (older.size > now.size) {
    return StrCat("the log has ", now.size, " events, and ", source, " is of ", older.size,
                  ": its end was cut off");
  }
  const std::string rewritten = StrCat("the first ", older.size, " events are not those that ",
                                       source, " was made of: the log was rewritten");
  if (older.size == 0) return "";
  if (older.size == now.size) return older.root == now.root ? "" : rewritten;
  audit::v1::GetConsistencyProofRequest request;
  request.set_old_size(older.size);
  request.set_new_size(now.size);
  ASSIGN_OR_RETURN(const auto reply,
                   client.Call(&audit::v1::AuditService::Stub::GetConsistencyProof, request));
  std::vector<merkle::Hash> proof;
  for (const std::string& bytes : reply.hashes()) {
    const auto hash = merkle::ParseHash(bytes);
    if (!hash.ok()) return std::string("the service sent a proof that is none");
    proof.push_back(*hash);
  }
  return merkle::VerifyConsistency(older.size, now.size, older.root, now.root, proof) ? ""
                                                                                      : rewritten;
}

absl::Status HoldAgainst(Client& client, const std::string& source, const Checkpoint& older,
                         const Checkpoint& now, TrailReport* report) {
  ASSIGN_OR_RETURN(const std::string difference, HowItDiffers(client, source, older, now));
  report->json["kept"].push_back(
      {{"source", source}, {"size", older.size}, {"ok", difference.empty()}});
  if (!difference.empty()) {
    if (report->fault.empty()) report->fault = difference;
    return absl::OkStatus();
  }
  report->checked.push_back(StrCat(source, ": the log goes on from its ", older.size, " events"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrailReport> CheckLiveTrail(Client& client, const TrailTrust& trust,
                                           const std::string& state_file) {
  TrailReport report;
  report.json = {{"ok", true}, {"kept", nlohmann::ordered_json::array()}};
  ASSIGN_OR_RETURN(const VerifierKey key, ReadVerifierKey("--key", trust.key));
  ASSIGN_OR_RETURN(const auto reply, client.Call(&audit::v1::AuditService::Stub::GetCheckpoint,
                                                 audit::v1::GetCheckpointRequest()));
  const auto now = merkle::OpenCheckpoint(reply.checkpoint(), key);
  if (!now.ok()) {
    report.fault = StrCat("the log's head: ", FromAbsl(now.status().message()));
  } else {
    report.checked.push_back(StrCat("the log has ", now->size, " events, signed by its key"));
    report.json["size"] = now->size;
  }
  if (report.ok() && dev::FileExists(state_file)) {
    ASSIGN_OR_RETURN(const std::string note, dev::ReadFile(state_file));
    const auto kept = merkle::OpenCheckpoint(note, key);
    if (!kept.ok()) {
      return absl::InvalidArgumentError(
          StrCat(state_file, ": ", FromAbsl(kept.status().message())));
    }
    RETURN_IF_ERROR(HoldAgainst(client, state_file, *kept, *now, &report));
  }
  if (report.ok() && !trust.system_key.empty()) {
    ASSIGN_OR_RETURN(const auto witnessed,
                     client.Call(&audit::v1::ProofService::Stub::GetWitnessedHead,
                                 audit::v1::GetWitnessedHeadRequest()));
    ASSIGN_OR_RETURN(const merkle::TlogPolicy policy, WitnessPolicy(trust));
    const auto seen = merkle::OpenSeenHead(witnessed.proof(), key.name(), policy);
    if (!seen.ok()) {
      report.fault = StrCat("the witnessed head: ", FromAbsl(seen.status().message()));
    } else {
      const Checkpoint head{key.name(), seen->entry.size, seen->entry.root};
      RETURN_IF_ERROR(HoldAgainst(client, "the witnessed head", head, *now, &report));
    }
  }
  // A head that does not follow is not kept: the next look has to find it too.
  if (report.ok()) {
    RETURN_IF_ERROR(dev::WriteFile(state_file, reply.checkpoint(), 0600));
    report.checked.push_back(StrCat(state_file, ": now holds the head of ", now->size, " events"));
  }
  report.json["ok"] = report.ok();
  if (!report.ok()) report.json["fault"]["text"] = report.fault;
  return report;
}

}  // namespace kasbah::cli
