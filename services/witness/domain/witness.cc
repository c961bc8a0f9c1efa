#include "services/witness/domain/witness.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/base/strings.h"
#include "libs/merkle/proof.h"

namespace kasbah::witness {
namespace {

Answer Refuse(int status, std::string_view what) {
  return {.status = status, .body = StrCat(what, "\n")};
}

Answer Refuse(int status, const absl::Status& why) {
  return Refuse(status, FromAbsl(why.message()));
}

// The witness is elsewhere: where, so that the log can send the proof from there.
Answer Conflict(uint64_t size) {
  return {.status = 409,
          .content_type = std::string(merkle::kSizeMediaType),
          .body = StrCat(size, "\n")};
}

bool IsSignedByAny(const merkle::ParsedNote& note, const std::vector<merkle::VerifierKey>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const merkle::VerifierKey& key) {
    return std::any_of(note.signatures.begin(), note.signatures.end(),
                       [&](const auto& signature) { return signature.Verify(note.text, key); });
  });
}

bool ProofHolds(const merkle::AddCheckpoint& request, const merkle::Hash& old_root,
                const merkle::Checkpoint& checkpoint) {
  if (request.old_size > 0) {
    return merkle::VerifyConsistency(request.old_size, checkpoint.size, old_root, checkpoint.root,
                                     request.proof);
  }
  return request.proof.empty() && (checkpoint.size > 0 || checkpoint.root == merkle::EmptyRoot());
}

}  // namespace

Witness::Witness(std::string name, crypto::Ed25519Key key,
                 std::map<std::string, std::vector<merkle::VerifierKey>> logs, HeadStore& heads,
                 const Clock& clock)
    : name_(std::move(name)),
      key_(std::move(key)),
      logs_(std::move(logs)),
      heads_(heads),
      clock_(clock) {}

Answer Witness::Add(std::string_view body) {
  const absl::StatusOr<merkle::AddCheckpoint> request = merkle::AddCheckpoint::Parse(body);
  if (!request.ok()) return Refuse(400, request.status());
  const absl::StatusOr<merkle::ParsedNote> note = merkle::ParseNote(request->checkpoint);
  if (!note.ok()) return Refuse(400, note.status());
  const absl::StatusOr<merkle::Checkpoint> checkpoint =
      merkle::Checkpoint::ParseExtended(note->text);
  if (!checkpoint.ok()) return Refuse(400, checkpoint.status());

  const auto log = logs_.find(checkpoint->origin);
  if (log == logs_.end()) return Refuse(404, "this witness does not know the log");
  if (!IsSignedByAny(*note, log->second)) {
    return Refuse(403, "no signature of a key that this witness trusts for the log");
  }
  if (request->old_size > checkpoint->size) {
    return Refuse(400, "the old size is larger than the checkpoint's");
  }
  absl::MutexLock lock(&mutex_);
  return Follow(*request, *checkpoint, note->text);
}

Answer Witness::Follow(const merkle::AddCheckpoint& request, const merkle::Checkpoint& checkpoint,
                       const std::string& text) {
  const auto found = heads_.Find(checkpoint.origin);
  if (!found.ok()) return Refuse(500, "what was cosigned before cannot be read");
  const CosignedHead known = found->value_or(CosignedHead{0, merkle::EmptyRoot()});
  if (request.old_size != known.size) return Conflict(known.size);
  if (checkpoint.size == known.size && checkpoint.root != known.root) return Conflict(known.size);
  if (!ProofHolds(request, known.root, checkpoint)) {
    return Refuse(422, "the proof does not lead from the last cosigned checkpoint to this one");
  }
  const absl::StatusOr<merkle::NoteSignature> cosignature =
      merkle::Cosign(text, name_, key_, clock_.Now());
  if (!cosignature.ok()) return Refuse(500, "the checkpoint could not be cosigned");
  // Remembered before anybody is told: a crash between the two loses an answer, never a head.
  if (checkpoint.size != known.size || !found->has_value()) {
    if (!heads_.Save(checkpoint.origin, {checkpoint.size, checkpoint.root}).ok()) {
      return Refuse(500, "the checkpoint could not be stored");
    }
  }
  return {.body = cosignature->ToLine()};
}

}  // namespace kasbah::witness
