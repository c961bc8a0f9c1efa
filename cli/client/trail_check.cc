#include "cli/client/trail_check.h"

#include <cerrno>
#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/files.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/system_head.h"

namespace kasbah::cli {
namespace {

using merkle::Checkpoint;
using merkle::KeptHead;
using merkle::VerifierKey;

void Fail(std::string what, TrailReport* report) {
  if (report->fault.empty()) report->fault = std::move(what);
}

void Finish(TrailReport* report) {
  report->json["ok"] = report->ok();
  if (!report->ok()) report->json["fault"]["text"] = report->fault;
}

absl::StatusOr<std::vector<KeptHead>> ReadKeptHeads(const VerifierKey& key, const TrailTrust& trust,
                                                    TrailReport* report) {
  std::vector<KeptHead> kept;
  for (const std::string& path : trust.checkpoints) {
    ASSIGN_OR_RETURN(const std::string note, dev::ReadFile(path));
    const auto opened = merkle::OpenCheckpoint(note, key);
    if (!opened.ok()) {
      Fail(StrCat(path, ": ", FromAbsl(opened.status().message())), report);
      continue;
    }
    kept.push_back({path, *opened, false});
  }
  if (trust.witnessed.empty()) return kept;
  ASSIGN_OR_RETURN(const std::string text, dev::ReadFile(trust.witnessed));
  ASSIGN_OR_RETURN(const merkle::TlogPolicy policy, WitnessPolicy(trust));
  const auto seen = merkle::OpenSeenHead(text, key.name(), policy);
  if (!seen.ok()) {
    Fail(StrCat(trust.witnessed, ": ", FromAbsl(seen.status().message())), report);
    return kept;
  }
  report->checked.push_back(StrCat(trust.witnessed, ": ", policy.quorum, " of ",
                                   policy.witnesses.size(), " trusted witnesses saw ",
                                   seen->entry.size, " events"));
  kept.push_back(
      {trust.witnessed, Checkpoint{key.name(), seen->entry.size, seen->entry.root}, false});
  return kept;
}

std::string RootText(const Checkpoint& checkpoint) {
  return crypto::Base64(merkle::View(checkpoint.root));
}

// One exported file: what it holds, or the first line that does not.
void AddExport(const std::string& path, const merkle::ExportVerdict& verdict, TrailReport* report) {
  const merkle::ExportSummary& summary = verdict.summary;
  nlohmann::ordered_json file = {{"file", path},
                                 {"ok", verdict.ok()},
                                 {"events", summary.events},
                                 {"checkpoint_size", summary.checkpoint.size}};
  if (!verdict.ok()) {
    file["fault"] = {{"line", verdict.fault->line}, {"text", verdict.fault->what}};
    if (verdict.fault->sequence) file["fault"]["event"] = *verdict.fault->sequence;
    report->json["fault"]["file"] = path;
    Fail(StrCat(path, ": ", verdict.fault->ToString()), report);
  } else {
    std::string text = StrCat(path, ": ", summary.events, " events");
    if (summary.events > 0) {
      file["first"] = summary.first;
      file["last"] = summary.last;
      StrAppend(&text, ", ", summary.first, " to ", summary.last);
    }
    if (summary.filter != "{}") StrAppend(&text, ", asked for with ", summary.filter);
    StrAppend(&text, "; checkpoint of ", summary.checkpoint.size, ", root ",
              RootText(summary.checkpoint));
    if (summary.erased_values > 0) {
      file["erased_values"] = summary.erased_values;
      StrAppend(&text, "; ", summary.erased_values, " personal values erased");
    }
    report->checked.push_back(std::move(text));
  }
  report->json["files"].push_back(std::move(file));
}

// What it says of a trail that it holds a head that was kept, for people.
std::string HoldsHead(const KeptHead& head, const TrailTrust& trust) {
  const bool is_witnessed = head.source == trust.witnessed;
  return StrCat(head.source, ": ", is_witnessed ? "cosigned as above" : "signed by the log's key",
                "; the trail begins with its ", head.checkpoint.size,
                " events: of these none was changed, removed, added or put elsewhere since");
}

// A tlog-proof of one event.
void AddProof(const std::string& path, const std::string& text, const VerifierKey& key,
              TrailReport* report) {
  const auto checked = [&]() -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const merkle::TlogProof proof, merkle::TlogProof::Parse(text));
    if (!proof.extra) return absl::InvalidArgumentError("it does not hold the event's leaf");
    ASSIGN_OR_RETURN(const merkle::Leaf leaf, merkle::Leaf::Parse(*proof.extra));
    if (!key.name().ends_with(StrCat("/", leaf.tenant.ToString()))) {
      return absl::InvalidArgumentError("the event is another tenant's");
    }
    ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                     merkle::VerifyTlogProof(proof, merkle::LeafHash(*proof.extra),
                                             merkle::TlogPolicy{key, {}, 0}));
    return StrCat("event ", proof.index, " is ", leaf.event_id.ToString(), ", recorded at ",
                  merkle::FormatLogTime(leaf.recorded_at), ", body ",
                  crypto::Hex(merkle::View(leaf.body)), "; checkpoint of ", checkpoint.size);
  }();
  report->json["files"].push_back({{"file", path}, {"ok", checked.ok()}});
  if (checked.ok()) {
    report->checked.push_back(StrCat(path, ": ", *checked));
  } else {
    Fail(StrCat(path, ": ", FromAbsl(checked.status().message())), report);
  }
}

}  // namespace

absl::StatusOr<VerifierKey> ReadVerifierKey(const std::string& option, const std::string& key,
                                            merkle::NoteKeyType type) {
  std::string text = key;
  if (dev::FileExists(key)) {
    ASSIGN_OR_RETURN(text, dev::ReadFile(key));
  }
  const auto parsed = VerifierKey::Parse(std::string(absl::StripAsciiWhitespace(text)), type);
  if (parsed.ok()) return parsed;
  return absl::InvalidArgumentError(
      StrCat(option, " is neither a verifier key (name+hash+base64) nor a file with one: ",
             FromAbsl(parsed.status().message())));
}

absl::StatusOr<merkle::TlogPolicy> WitnessPolicy(const TrailTrust& trust) {
  ASSIGN_OR_RETURN(VerifierKey system, ReadVerifierKey("--system-key", trust.system_key));
  merkle::TlogPolicy policy{std::move(system), {}, trust.quorum};
  for (const std::string& witness : trust.witnesses) {
    ASSIGN_OR_RETURN(VerifierKey one,
                     ReadVerifierKey("--witness", witness, merkle::NoteKeyType::kCosignatureV1));
    policy.witnesses.push_back(std::move(one));
  }
  if (policy.quorum == 0) policy.quorum = policy.witnesses.size();
  return policy;
}

absl::StatusOr<TrailReport> CheckTrailFiles(const std::vector<std::string>& files,
                                            const TrailTrust& trust) {
  TrailReport report;
  report.json = {{"ok", true}, {"files", nlohmann::ordered_json::array()}};
  ASSIGN_OR_RETURN(const VerifierKey key, ReadVerifierKey("--key", trust.key));
  ASSIGN_OR_RETURN(std::vector<KeptHead> kept, ReadKeptHeads(key, trust, &report));
  const std::vector<KeptHead> heads = kept;
  merkle::TrailVerifier verifier(key, std::move(kept));
  bool exports = false;
  for (const std::string& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return dev::FileError("read", path, errno);
    if (file.peek() == merkle::kTlogProofHeader.front()) {
      if (!heads.empty()) {
        return absl::InvalidArgumentError(
            StrCat(path, " proves one event, and a head that was kept (", heads.front().source,
                   ") can only be held against exports of the trail"));
      }
      AddProof(path, std::string(std::istreambuf_iterator<char>(file), {}), key, &report);
    } else {
      exports = true;
      AddExport(path, verifier.Add(file), &report);
    }
    if (!report.ok()) break;
  }
  if (report.ok() && exports) {
    if (const auto missing = verifier.Finish()) {
      Fail(*missing, &report);
    } else {
      for (const KeptHead& head : heads) {
        report.checked.push_back(HoldsHead(head, trust));
      }
    }
  }
  Finish(&report);
  return report;
}

}  // namespace kasbah::cli
