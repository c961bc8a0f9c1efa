#include "libs/merkle/export_line.h"

#include <optional>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/json_text.h"

namespace kasbah::merkle {
namespace {

absl::Status Broken(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

absl::StatusOr<std::string> TakeBase64(JsonCursor& cursor) {
  const std::optional<std::string> text = cursor.String();
  if (!text) return Broken("the line is not in the form of an export");
  absl::StatusOr<std::string> bytes = crypto::ParseBase64(*text);
  if (!bytes.ok()) return Broken("a value is not Base64");
  return bytes;
}

absl::Status TakePersonal(JsonCursor& cursor, ExportLineParts* line) {
  bool first = true;
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    const std::string name = StrCat(first ? "" : ",", "\"", kPersonalFields[i], "\":");
    if (!cursor.TryExpect(name)) continue;
    first = false;
    ExportLineParts::Shown& shown = line->personal[i];
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

absl::Status TakeEvent(JsonCursor& cursor, ExportLineParts* line) {
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

absl::Status CheckPersonal(const ExportLineParts& line, uint64_t* erased) {
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    const ExportLineParts::Shown& shown = line.personal[i];
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

}  // namespace

absl::Status ParseExportLine(std::string_view line, ExportLineParts* parts) {
  JsonCursor cursor(line);
  cursor.Expect("{\"seq\":");
  parts->sequence = cursor.Number();
  if (!parts->sequence) return Broken("the line is not in the form of an export");
  RETURN_IF_ERROR(TakeEvent(cursor, parts));
  absl::StatusOr<Leaf> leaf = Leaf::Parse(parts->leaf_bytes);
  if (!leaf.ok()) return Broken(FromAbsl(leaf.status().message()));
  parts->leaf = *std::move(leaf);
  return absl::OkStatus();
}

absl::Status CheckExportLine(const ExportLineParts& parts, std::string_view origin,
                             uint64_t* erased) {
  const Leaf& leaf = parts.leaf;
  if (Sha256Of(parts.body) != leaf.body) return Broken("the event is not the one that was logged");
  if (!origin.ends_with(StrCat("/", leaf.tenant.ToString()))) {
    return Broken("the event is another tenant's");
  }
  if (!parts.body.starts_with(StrCat("{\"event_id\":\"", leaf.event_id.ToString(), "\""))) {
    return Broken("event and leaf have different ids");
  }
  if (parts.recorded_at != FormatLogTime(leaf.recorded_at)) {
    return Broken("recorded_at is not the time that was logged");
  }
  return CheckPersonal(parts, erased);
}

}  // namespace kasbah::merkle
