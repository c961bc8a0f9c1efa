#include <set>

#include "cli/client/audit_trail.h"
#include "cli/client/paging.h"
#include "cli/tour/steps.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

using audit::v1::AuditService;

absl::StatusOr<audit::v1::ListEventsResponse> List(World& world, const std::string& action) {
  audit::v1::ListEventsRequest request;
  if (!action.empty()) request.mutable_filter()->add_actions(action);
  return ListAll(*world.a.client, Client::Scope::kTenant, &AuditService::Stub::ListEvents, request,
                 &audit::v1::ListEventsResponse::mutable_events, /*limit=*/0);
}

// What the earlier steps did, by kind.
absl::Status ExpectTheTour(World& world) {
  RETURN_IF_ERROR(
      WaitFor(absl::Seconds(30), "the secret's events in the trail", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const auto secrets, List(world, "secret."));
        // One created, three added, five read.
        return secrets.events_size() == 9;
      }));
  ASSIGN_OR_RETURN(const auto secrets, List(world, "secret."));
  for (const auto& event : secrets.events()) {
    RETURN_IF_ERROR(Expect(event.event().target().id() == world.secret_id &&
                               event.event().actor().id() == world.a.identity.api_key_id,
                           "the secret's events to name the secret and the key that acted"));
  }
  ASSIGN_OR_RETURN(const auto everything, List(world, ""));
  std::set<uint64_t> sequences;
  for (const auto& event : everything.events()) sequences.insert(event.sequence());
  RETURN_IF_ERROR(Expect(
      !sequences.empty() && *sequences.begin() == 0 && *sequences.rbegin() + 1 == sequences.size(),
      "the trail to be numbered without a gap"));
  return absl::OkStatus();
}

// Flips one bit in the middle of the file and has it looked at again.
absl::StatusOr<std::string> FaultOfFlippedByte(const std::string& path, const std::string& key) {
  ASSIGN_OR_RETURN(std::string bytes, dev::ReadFile(path));
  char& byte = bytes[bytes.size() / 2];
  byte = static_cast<char>(byte ^ 0x01);
  const std::string flipped = path + ".flipped";
  RETURN_IF_ERROR(dev::WriteFile(flipped, bytes, 0600));
  ASSIGN_OR_RETURN(const TrailVerdict verdict, VerifyTrail(flipped, key));
  RETURN_IF_ERROR(Expect(!verdict.ok, "the flipped byte to be found"));
  return verdict.text;
}

}  // namespace

absl::StatusOr<std::string> VerifyTheTrail(World& world) {
  RETURN_IF_ERROR(ExpectTheTour(world));
  ASSIGN_OR_RETURN(const auto checkpoint, world.a.client->Call(&AuditService::Stub::GetCheckpoint,
                                                               audit::v1::GetCheckpointRequest()));
  const std::string path = world.installation().Path(StrCat("trail-", world.run, ".jsonl"));
  ASSIGN_OR_RETURN(const uint64_t events, ExportTrailToFile(*world.a.client, {}, path));
  ASSIGN_OR_RETURN(const TrailVerdict verdict, VerifyTrail(path, checkpoint.verifier_key()));
  RETURN_IF_ERROR(Expect(verdict.ok, StrCat("the exported trail to verify, but ", verdict.text)));
  RETURN_IF_ERROR(Expect(events >= 500, "the trail to hold all that was done"));
  ASSIGN_OR_RETURN(const std::string fault, FaultOfFlippedByte(path, checkpoint.verifier_key()));
  return StrCat(events, " events exported and verified offline; a flipped byte: ", fault);
}

}  // namespace kasbah::cli
