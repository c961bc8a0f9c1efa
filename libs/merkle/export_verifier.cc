#include "libs/merkle/export_verifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/export_range.h"
#include "libs/merkle/json_text.h"

namespace kasbah::merkle {
namespace {

absl::Status Broken(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// An event's line, taken apart and not yet believed.
struct ParsedLine {
  uint64_t sequence = 0;
  std::string recorded_at;
  std::string_view body;
  std::string leaf_bytes;
  Leaf leaf;
  // Shown for a field, or not; and whether it was shown as erased.
  struct Shown {
    bool present = false;
    bool erased = false;
    std::string salt;
    std::string value;
  };
  std::array<Shown, kPersonalFields.size()> personal;
  std::vector<Hash> proof;
};

absl::StatusOr<std::string> TakeBase64(JsonCursor& cursor) {
  const std::optional<std::string> text = cursor.String();
  if (!text) return Broken("the line is not in the form of an export");
  absl::StatusOr<std::string> bytes = crypto::ParseBase64(*text);
  if (!bytes.ok()) return Broken("a value is not Base64");
  return bytes;
}

absl::Status TakePersonal(JsonCursor& cursor, ParsedLine* line) {
  bool first = true;
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    const std::string name = StrCat(first ? "" : ",", "\"", kPersonalFields[i], "\":");
    if (!cursor.TryExpect(name)) continue;
    first = false;
    ParsedLine::Shown& shown = line->personal[i];
    shown.present = true;
    shown.erased = cursor.TryExpect("null");
    if (shown.erased) continue;
    cursor.Expect("{\"salt\":");
    ASSIGN_OR_RETURN(shown.salt, TakeBase64(cursor));
    cursor.Expect(",\"value\":");
    std::optional<std::string> value = cursor.String();
    cursor.Expect("}");
    if (!value) return Broken("a personal value is not in the form of an export");
    shown.value = *std::move(value);
  }
  return absl::OkStatus();
}

absl::Status TakeProof(JsonCursor& cursor, std::vector<Hash>* proof) {
  cursor.Expect(",\"proof\":[");
  if (cursor.TryExpect("]")) return absl::OkStatus();
  do {
    ASSIGN_OR_RETURN(const std::string bytes, TakeBase64(cursor));
    absl::StatusOr<Hash> hash = ParseHash(bytes);
    if (!hash.ok()) return Broken("a hash of the proof does not have 32 bytes");
    proof->push_back(*hash);
  } while (cursor.TryExpect(","));
  cursor.Expect("]");
  return absl::OkStatus();
}

absl::Status TakeEvent(JsonCursor& cursor, ParsedLine* line) {
  const absl::Status malformed = Broken("the line is not in the form of an export");
  cursor.Expect(",\"recorded_at\":");
  std::optional<std::string> recorded_at = cursor.String();
  cursor.Expect(",\"event\":");
  const std::optional<std::string_view> body = cursor.Object();
  if (!cursor.Expect(",\"personal\":{") || !recorded_at || !body) return malformed;
  line->recorded_at = *std::move(recorded_at);
  line->body = *body;
  RETURN_IF_ERROR(TakePersonal(cursor, line));
  if (!cursor.Expect("},\"leaf\":")) return malformed;
  ASSIGN_OR_RETURN(line->leaf_bytes, TakeBase64(cursor));
  RETURN_IF_ERROR(TakeProof(cursor, &line->proof));
  cursor.Expect("}");
  return cursor.AtEnd() ? absl::OkStatus() : malformed;
}

absl::Status CheckPersonal(const ParsedLine& line, uint64_t* erased) {
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    const ParsedLine::Shown& shown = line.personal[i];
    if (shown.present != line.leaf.personal[i].has_value()) {
      return Broken(StrCat(kPersonalFields[i], shown.present
                                                   ? " was not logged with this event"
                                                   : " was logged with this event and is missing"));
    }
    if (!shown.present) continue;
    if (shown.erased) {
      ++*erased;
      continue;
    }
    if (shown.salt.size() != kSaltSize ||
        CommitPersonal(kPersonalFields[i], shown.salt, shown.value) != *line.leaf.personal[i]) {
      return Broken(StrCat(kPersonalFields[i], " is not the value that was logged"));
    }
  }
  return absl::OkStatus();
}

// Walks one file.
class Verification {
 public:
  Verification(std::istream& file, const VerifierKey& key, const EventObserver& observe)
      : file_(file), key_(key), observe_(observe) {}

  ExportVerdict Run() {
    absl::Status status = Walk();
    if (!status.ok()) {
      verdict_.fault = ExportFault{line_number_, sequence_, std::string(status.message())};
    }
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
    whole_ = WholeRangeOf(manifest.filter, manifest.size);
    return absl::OkStatus();
  }

  absl::StatusOr<ExportManifest> OpenManifest(std::string_view note) {
    const absl::StatusOr<std::string> text = OpenNote(note, key_);
    if (!text.ok()) return Broken(StrCat("the manifest: ", FromAbsl(text.status().message())));
    return ExportManifest::Parse(*text);
  }

  absl::Status CheckEvent(std::string_view text) {
    JsonCursor cursor(text);
    ParsedLine line;
    cursor.Expect("{\"seq\":");
    const std::optional<uint64_t> sequence = cursor.Number();
    if (!sequence) return Broken("the line is not in the form of an export");
    sequence_ = sequence;
    line.sequence = *sequence;
    RETURN_IF_ERROR(TakeEvent(cursor, &line));
    RETURN_IF_ERROR(CheckPlace(line));
    absl::StatusOr<Leaf> leaf = Leaf::Parse(line.leaf_bytes);
    if (!leaf.ok()) return Broken(FromAbsl(leaf.status().message()));
    line.leaf = *std::move(leaf);
    RETURN_IF_ERROR(CheckContent(line));
    if (observe_) RETURN_IF_ERROR(observe_(line.sequence, line.leaf));
    ++verdict_.summary.events;
    return absl::OkStatus();
  }

  absl::Status CheckPlace(const ParsedLine& line) {
    if (line.sequence < next_sequence_) return Broken("the events are not in order");
    if (whole_ && line.sequence >= whole_->first) {
      const uint64_t due = std::max(next_sequence_, whole_->first);
      if (line.sequence != due)
        return Broken(StrCat("event ", due, " is missing before this line"));
      if (line.sequence >= whole_->past) return Broken("the event is past the end of the export");
    }
    next_sequence_ = line.sequence + 1;
    if (!VerifyInclusion(line.sequence, checkpoint_.size, LeafHash(line.leaf_bytes), line.proof,
                         checkpoint_.root)) {
      return Broken("leaf and proof do not lead to the checkpoint's root");
    }
    return absl::OkStatus();
  }

  absl::Status CheckContent(const ParsedLine& line) {
    if (Sha256Of(line.body) != line.leaf.body) {
      return Broken("the event is not the one that was logged");
    }
    if (!checkpoint_.origin.ends_with(StrCat("/", line.leaf.tenant.ToString()))) {
      return Broken("the event is another tenant's");
    }
    if (!line.body.starts_with(StrCat("{\"event_id\":\"", line.leaf.event_id.ToString(), "\""))) {
      return Broken("event and leaf have different ids");
    }
    if (line.recorded_at != FormatLogTime(line.leaf.recorded_at)) {
      return Broken("recorded_at is not the time that was logged");
    }
    if (line.leaf.recorded_at < last_recorded_at_) return Broken("recorded_at goes backwards");
    last_recorded_at_ = line.leaf.recorded_at;
    return CheckPersonal(line, &verdict_.summary.erased_values);
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
    if (whole_ && std::max(next_sequence_, whole_->first) != whole_->past) {
      return Broken(StrCat("event ", std::max(next_sequence_, whole_->first),
                           " is missing before this line"));
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
  Checkpoint checkpoint_;
  // What the file says is whole; nothing where it picks events.
  std::optional<ExportRange> whole_;
  uint64_t next_sequence_ = 0;
  absl::Time last_recorded_at_ = absl::InfinitePast();
  LineDigest digest_;
  ExportVerdict verdict_;
};

}  // namespace

std::string ExportFault::ToString() const {
  if (!sequence) return StrCat("line ", line, ": ", what);
  return StrCat("line ", line, " (event ", *sequence, "): ", what);
}

ExportVerdict VerifyExport(std::istream& file, const VerifierKey& key,
                           const EventObserver& observe) {
  return Verification(file, key, observe).Run();
}

}  // namespace kasbah::merkle
