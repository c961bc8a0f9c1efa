#include "libs/merkle/tlog_proof.h"

#include <algorithm>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/proof.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

constexpr size_t kMostHashes = 63;

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("not a tlog-proof: ", what));
}

// Cuts the first line off `text`, without its newline.
std::optional<std::string_view> TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string TlogProof::Serialize() const {
  std::string text(kTlogProofHeader);
  if (extra) StrAppend(&text, "extra ", crypto::Base64(*extra), "\n");
  StrAppend(&text, "index ", index, "\n");
  for (const Hash& hash : hashes) StrAppend(&text, crypto::Base64(View(hash)), "\n");
  StrAppend(&text, "\n", checkpoint);
  return text;
}

absl::StatusOr<TlogProof> TlogProof::Parse(std::string_view text) {
  TlogProof proof;
  if (!text.starts_with(kTlogProofHeader)) return Malformed("its first line is another");
  text.remove_prefix(kTlogProofHeader.size());
  std::optional<std::string_view> line = TakeLine(&text);
  if (line && line->starts_with("extra ")) {
    absl::StatusOr<std::string> extra = crypto::ParseBase64(line->substr(6));
    if (!extra.ok()) return Malformed("the extra data is no Base64");
    proof.extra = *std::move(extra);
    line = TakeLine(&text);
  }
  if (!line || !line->starts_with("index ")) return Malformed("the index is missing");
  const std::optional<uint64_t> index = ParseDecimal(line->substr(6));
  if (!index) return Malformed("the index is not a plain decimal number");
  proof.index = *index;
  for (line = TakeLine(&text); line && !line->empty(); line = TakeLine(&text)) {
    const absl::StatusOr<std::string> bytes = crypto::ParseBase64(*line);
    if (!bytes.ok()) return Malformed("a hash is no Base64");
    const absl::StatusOr<Hash> hash = ParseHash(*bytes);
    if (!hash.ok()) return Malformed("a hash does not have 32 bytes");
    if (proof.hashes.size() == kMostHashes) return Malformed("it has more than 63 hashes");
    proof.hashes.push_back(*hash);
  }
  if (!line) return Malformed("no blank line before the checkpoint");
  if (text.empty()) return Malformed("the checkpoint is missing");
  proof.checkpoint = std::string(text);
  return proof;
}

std::vector<VerifierKey> CosignersOf(const ParsedNote& note,
                                     const std::vector<VerifierKey>& witnesses) {
  std::vector<VerifierKey> cosigners;
  for (const VerifierKey& witness : witnesses) {
    const bool cosigned = std::any_of(
        note.signatures.begin(), note.signatures.end(),
        [&](const NoteSignature& signature) { return signature.Verify(note.text, witness); });
    if (cosigned) cosigners.push_back(witness);
  }
  return cosigners;
}

absl::StatusOr<Checkpoint> OpenWitnessed(std::string_view note, const TlogPolicy& policy) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(note, policy.log));
  ASSIGN_OR_RETURN(const ParsedNote parsed, ParseNote(note));
  const size_t cosigned = CosignersOf(parsed, policy.witnesses).size();
  if (cosigned < policy.quorum) {
    return absl::InvalidArgumentError(StrCat("of the trusted witnesses ", cosigned,
                                             " cosigned the checkpoint; ", policy.quorum,
                                             " are asked for"));
  }
  return checkpoint;
}

absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Hash& leaf_hash,
                                           const TlogPolicy& policy) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenWitnessed(proof.checkpoint, policy));
  if (!VerifyInclusion(proof.index, checkpoint.size, leaf_hash, proof.hashes, checkpoint.root)) {
    return absl::InvalidArgumentError("entry and proof do not lead to the checkpoint's root");
  }
  return checkpoint;
}

}  // namespace kasbah::merkle
