#include "libs/merkle/add_checkpoint.h"

#include <optional>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

constexpr size_t kMostHashes = 63;

absl::Status Malformed(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

}  // namespace

std::string AddCheckpoint::Serialize() const {
  std::string body = StrCat("old ", old_size, "\n");
  for (const Hash& hash : proof) StrAppend(&body, crypto::Base64(View(hash)), "\n");
  StrAppend(&body, "\n", checkpoint);
  return body;
}

absl::StatusOr<AddCheckpoint> AddCheckpoint::Parse(std::string_view body) {
  AddCheckpoint request;
  const size_t blank = body.find("\n\n");
  if (blank == std::string_view::npos) return Malformed("no blank line before the checkpoint");
  const std::vector<std::string_view> lines = SplitOn(body.substr(0, blank), '\n');
  if (!lines[0].starts_with("old ")) return Malformed("the first line does not say the old size");
  const std::optional<uint64_t> old_size = ParseDecimal(lines[0].substr(4));
  if (!old_size) return Malformed("the old size is not a plain decimal number");
  request.old_size = *old_size;
  if (lines.size() - 1 > kMostHashes) return Malformed("the proof has more than 63 hashes");
  for (size_t i = 1; i < lines.size(); ++i) {
    const absl::StatusOr<std::string> bytes = crypto::ParseBase64(lines[i]);
    if (!bytes.ok()) return Malformed("a hash of the proof is no Base64");
    const absl::StatusOr<Hash> hash = ParseHash(*bytes);
    if (!hash.ok()) return Malformed("a hash of the proof does not have 32 bytes");
    request.proof.push_back(*hash);
  }
  request.checkpoint = std::string(body.substr(blank + 2));
  return request;
}

}  // namespace kasbah::merkle
