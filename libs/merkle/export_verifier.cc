#include "libs/merkle/export_verifier.h"

#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/export_line.h"
#include "libs/merkle/export_range.h"
#include "libs/merkle/json_text.h"
#include "libs/merkle/proof.h"

namespace kasbah::merkle {
namespace {

absl::Status Broken(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

std::string NotTheKeptHistory(const KeptHead& kept) {
  return StrCat("the first ", kept.checkpoint.size, " events are not those that ", kept.source,
                " was made of: the log was rewritten");
}

// Walks one file.
class Verification {
 public:
  Verification(std::istream& file, const VerifierKey& key, TrailChain* chain,
               const EventObserver& observe)
      : file_(file), key_(key), observe_(observe), chain_(*chain) {}

  ExportVerdict Run() {
    absl::Status status = Walk();
    if (!status.ok()) {
      verdict_.fault = ExportFault{line_number_, sequence_, std::string(status.message())};
    }
    chain_.last_checkpoint = checkpoint_;
    return std::move(verdict_);
  }

 private:
  absl::Status Walk() {
    RETURN_IF_ERROR(NextLine("the file is empty"));
    RETURN_IF_ERROR(CheckHeader());
    while (true) {
      digest_.Add(line_);
      sequence_.reset();
      RETURN_IF_ERROR(NextLine("the file ends without its trailer: lines are missing at the end"));
      const std::string_view line = std::string_view(line_).substr(0, line_.size() - 1);
      if (line.starts_with(kTrailerStart)) return CheckTrailer(line);
      RETURN_IF_ERROR(CheckEvent(line));
    }
  }

  // Reads a line with its newline.
  absl::Status NextLine(std::string_view at_end) {
    ++line_number_;
    if (!std::getline(file_, line_)) return Broken(at_end);
    if (file_.eof()) return Broken("the line does not end: the file was cut");
    line_.push_back('\n');
    return absl::OkStatus();
  }

  absl::Status CheckHeader() {
    JsonCursor cursor(std::string_view(line_).substr(0, line_.size() - 1));
    cursor.Expect("{\"kasbah_export\":1,\"origin\":");
    const std::optional<std::string> origin = cursor.String();
    cursor.Expect(",\"verifier_key\":");
    const std::optional<std::string> verifier_key = cursor.String();
    cursor.Expect(",\"checkpoint\":");
    const std::optional<std::string> checkpoint = cursor.String();
    cursor.Expect(",\"manifest\":");
    const std::optional<std::string> manifest_note = cursor.String();
    cursor.Expect("}");
    if (!cursor.AtEnd()) return Broken("the header is not in the form of an export");
    if (*verifier_key != key_.ToString()) return Broken("the header names another verifier key");
    if (*origin != key_.name()) return Broken("the header names another log");

    absl::StatusOr<Checkpoint> opened = OpenCheckpoint(*checkpoint, key_);
    if (!opened.ok())
      return Broken(StrCat("the checkpoint: ", FromAbsl(opened.status().message())));
    checkpoint_ = *std::move(opened);
    ASSIGN_OR_RETURN(const ExportManifest manifest, OpenManifest(*manifest_note));
    if (manifest.origin != checkpoint_.origin || manifest.size != checkpoint_.size) {
      return Broken("the manifest is of another export");
    }
    verdict_.summary.checkpoint = checkpoint_;
    verdict_.summary.filter = manifest.filter;
    const std::string& filter = manifest.filter;
    whole_ = WholeRangeOf(filter, manifest.size);
    if (whole_) due_ = whole_->first;
    gapless_from_ = GaplessFrom(filter, manifest.size);
    if (chain_.files > 1 && !(gapless_from_ && chain_.contiguous)) {
      return Broken(
          "only exports of whole stretches, by time alone, follow each other: check it by itself");
    }
    chain_.contiguous = gapless_from_.has_value();
    return absl::OkStatus();
  }

  absl::StatusOr<ExportManifest> OpenManifest(std::string_view note) {
    const absl::StatusOr<std::string> text = OpenNote(note, key_);
    if (!text.ok()) return Broken(StrCat("the manifest: ", FromAbsl(text.status().message())));
    return ExportManifest::Parse(*text);
  }

  absl::Status CheckEvent(std::string_view text) {
    ExportLineParts line;
    const absl::Status parsed = ParseExportLine(text, &line);
    sequence_ = line.sequence;
    RETURN_IF_ERROR(parsed);
    RETURN_IF_ERROR(CheckPlace(line));
    RETURN_IF_ERROR(CheckExportLine(line, checkpoint_.origin, &verdict_.summary.erased_values));
    const absl::Time recorded_at = line.leaf.recorded_at;
    if (recorded_at < last_recorded_at_ || (chained_ && recorded_at < chain_.last_recorded_at))
      return Broken("recorded_at goes backwards");
    last_recorded_at_ = recorded_at;
    if (chained_) chain_.last_recorded_at = recorded_at;
    if (observe_) RETURN_IF_ERROR(observe_(*line.sequence, line.leaf));
    if (verdict_.summary.events++ == 0) verdict_.summary.first = *line.sequence;
    verdict_.summary.last = *line.sequence;
    return absl::OkStatus();
  }

  absl::Status CheckPlace(const ExportLineParts& line) {
    const uint64_t sequence = *line.sequence;
    if (sequence < next_sequence_) return Broken("the events are not in order");
    const bool in_stretch = gapless_from_ && sequence >= *gapless_from_;
    if (in_stretch && due_ && sequence != *due_) {
      return Broken(StrCat("event ", *due_, " is missing before this line"));
    }
    if (in_stretch && whole_ && sequence >= whole_->past) {
      return Broken("the event is past the end of the export");
    }
    next_sequence_ = sequence + 1;
    const Hash leaf_hash = LeafHash(line.leaf_bytes);
    if (!VerifyInclusion(sequence, checkpoint_.size, leaf_hash, line.proof, checkpoint_.root)) {
      return Broken("leaf and proof do not lead to the checkpoint's root");
    }
    if (!in_stretch) return absl::OkStatus();
    due_ = sequence + 1;
    return Extend(sequence, line.proof, leaf_hash);
  }

  // Grows the tree of everything up to this event, which the first proof of the stretch begins and
  // which every kept head has to be found in.
  absl::Status Extend(uint64_t sequence, const std::vector<Hash>& proof, const Hash& leaf_hash) {
    if (!std::exchange(chained_, true)) {
      ASSIGN_OR_RETURN(const Frontier before, FrontierBefore(sequence, checkpoint_.size, proof));
      if (chain_.tree && chain_.tree->size() < sequence) {
        return Broken(StrCat("events ", chain_.tree->size(), " to ", sequence - 1,
                             " are missing between the file before and this one"));
      }
      if (chain_.tree && chain_.tree->size() > sequence) {
        return Broken(StrCat("event ", sequence, " was in the files before"));
      }
      if (chain_.tree && chain_.tree->Root() != before.Root()) {
        return Broken("this file continues another history than the files before hold");
      }
      chain_.tree = before;
      RETURN_IF_ERROR(CheckKept());
    }
    chain_.tree->Append(leaf_hash);
    return CheckKept();
  }

  absl::Status CheckKept() {
    for (KeptHead& kept : chain_.kept) {
      if (kept.checkpoint.size != chain_.tree->size()) continue;
      if (kept.checkpoint.root != chain_.tree->Root()) return Broken(NotTheKeptHistory(kept));
      kept.found = true;
    }
    return absl::OkStatus();
  }

  absl::Status CheckTrailer(std::string_view text) {
    JsonCursor cursor(text);
    cursor.Expect(kTrailerStart);
    const std::optional<std::string> note = cursor.String();
    cursor.Expect("}");
    if (!cursor.AtEnd()) return Broken("the trailer is not in the form of an export");
    const absl::StatusOr<std::string> opened = OpenNote(*note, key_);
    if (!opened.ok()) return Broken(StrCat("the trailer: ", FromAbsl(opened.status().message())));
    ASSIGN_OR_RETURN(const ExportTrailer trailer, ExportTrailer::Parse(*opened));
    if (trailer.origin != checkpoint_.origin) return Broken("the trailer is of another log");
    if (trailer.events != verdict_.summary.events) {
      return Broken(StrCat("the trailer counts ", trailer.events, " events, the file has ",
                           verdict_.summary.events, ": lines were added or removed"));
    }
    if (whole_ && *due_ != whole_->past) {
      return Broken(StrCat("event ", *due_, " is missing before this line"));
    }
    if (trailer.digest != digest_.hash()) {
      return Broken("the lines before are not the lines that were exported");
    }
    ++line_number_;
    if (file_.peek() != std::istream::traits_type::eof()) {
      return Broken("the file goes on after its trailer");
    }
    return absl::OkStatus();
  }

  std::istream& file_;
  const VerifierKey& key_;
  const EventObserver& observe_;
  std::string line_;
  uint64_t line_number_ = 0;
  std::optional<uint64_t> sequence_;
  TrailChain& chain_;
  Checkpoint checkpoint_;
  // From where on the file says that nothing is left out up to its last event; unset where it picks
  // events. Before it single ones may stand.
  std::optional<uint64_t> gapless_from_;
  // What the file says is whole, to its end.
  std::optional<ExportRange> whole_;
  // The next event that must not be missing, once that is known.
  std::optional<uint64_t> due_;
  // Whether this file has gone into the chain's tree.
  bool chained_ = false;
  absl::Time last_recorded_at_ = absl::InfinitePast();
  uint64_t next_sequence_ = 0;
  LineDigest digest_;
  ExportVerdict verdict_;
};

}  // namespace

std::string ExportFault::ToString() const {
  if (!sequence) return StrCat("line ", line, ": ", what);
  return StrCat("line ", line, " (event ", *sequence, "): ", what);
}

TrailVerifier::TrailVerifier(VerifierKey key, std::vector<KeptHead> kept) : key_(std::move(key)) {
  chain_.kept = std::move(kept);
}

ExportVerdict TrailVerifier::Add(std::istream& file) {
  ++chain_.files;
  return Verification(file, key_, &chain_, nullptr).Run();
}

std::optional<std::string> TrailVerifier::Finish() {
  for (KeptHead& kept : chain_.kept) {
    if (kept.found || chain_.files == 0) continue;
    const Checkpoint& newest = chain_.last_checkpoint;
    const uint64_t size = kept.checkpoint.size;
    if (size == 0) {
      kept.found = true;
    } else if (size > newest.size) {
      return StrCat("the trail ends after ", newest.size, " events, and ", kept.source, " is of ",
                    size, ": it was made earlier, or its end was cut off");
    } else if (size == newest.size) {
      if (kept.checkpoint.root != newest.root) return NotTheKeptHistory(kept);
      kept.found = true;
    } else {
      return StrCat(kept.source, " is of ", size,
                    " events, which these files do not reach: hold it against an export of the "
                    "whole log, or the live log");
    }
  }
  return std::nullopt;
}

ExportVerdict VerifyExport(std::istream& file, const VerifierKey& key,
                           const EventObserver& observe) {
  TrailChain chain;
  chain.files = 1;
  return Verification(file, key, &chain, observe).Run();
}

}  // namespace kasbah::merkle
