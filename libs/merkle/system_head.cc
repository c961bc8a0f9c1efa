#include "libs/merkle/system_head.h"

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::merkle {
namespace {

constexpr char kVersion = 1;
constexpr size_t kSize = 1 + 32 + 8 + 32;

}  // namespace

std::string SystemLogOrigin(std::string_view trust_domain) {
  return StrCat(trust_domain, "/audit/system");
}

Hash SystemLogName(std::string_view origin) {
  return Sha256Of(StrCat("kasbah system log 1\n", origin));
}

std::string SystemHead::Serialize() const {
  std::string bytes(1, kVersion);
  bytes.append(View(name));
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(size >> shift));
  bytes.append(View(root));
  return bytes;
}

absl::StatusOr<SystemHead> SystemHead::Parse(std::string_view bytes) {
  if (bytes.size() != kSize || bytes.front() != kVersion) {
    return absl::InvalidArgumentError("not an entry of a system log");
  }
  SystemHead head;
  ASSIGN_OR_RETURN(head.name, ParseHash(bytes.substr(1, 32)));
  for (const char byte : bytes.substr(33, 8))
    head.size = head.size << 8 | static_cast<uint8_t>(byte);
  ASSIGN_OR_RETURN(head.root, ParseHash(bytes.substr(41)));
  return head;
}

absl::StatusOr<SeenHead> OpenSeenHead(std::string_view proof, std::string_view origin,
                                      const TlogPolicy& policy) {
  ASSIGN_OR_RETURN(const TlogProof parsed, TlogProof::Parse(proof));
  if (!parsed.extra) return absl::InvalidArgumentError("the proof does not hold its entry");
  SeenHead seen;
  ASSIGN_OR_RETURN(seen.entry, SystemHead::Parse(*parsed.extra));
  if (seen.entry.name != SystemLogName(origin)) {
    return absl::InvalidArgumentError("it is the head of another log");
  }
  ASSIGN_OR_RETURN(seen.system, VerifyTlogProof(parsed, LeafHash(*parsed.extra), policy));
  return seen;
}

}  // namespace kasbah::merkle
