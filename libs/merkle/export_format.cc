#include "libs/merkle/export_format.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/json_text.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

constexpr std::string_view kManifestTitle = " export 1";
constexpr std::string_view kTrailerTitle = " export-end 1";

// The three lines of a signed statement: its title after the origin, and two "name value" lines.
struct Statement {
  std::string origin;
  std::string first;
  std::string second;
};

absl::StatusOr<Statement> ParseStatement(std::string_view text, std::string_view title,
                                         std::string_view first, std::string_view second) {
  const absl::Status malformed = absl::InvalidArgumentError("not a statement of an export");
  const std::vector<std::string_view> lines = SplitOn(text, '\n');
  if (lines.size() != 4 || !lines[3].empty()) return malformed;
  if (!lines[0].ends_with(title) || !lines[1].starts_with(first) || !lines[2].starts_with(second)) {
    return malformed;
  }
  return Statement{std::string(lines[0].substr(0, lines[0].size() - title.size())),
                   std::string(lines[1].substr(first.size())),
                   std::string(lines[2].substr(second.size()))};
}

absl::StatusOr<uint64_t> ParseCount(std::string_view text) {
  const std::optional<uint64_t> value = ParseDecimal(text);
  if (!value) return absl::InvalidArgumentError("not a plain decimal number");
  return *value;
}

void AppendPersonal(const ExportedEvent& event, const Leaf& leaf, std::string* line) {
  std::string_view separator;
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    if (!leaf.personal[i]) continue;
    StrAppend(line, separator, "\"", kPersonalFields[i], "\":");
    separator = ",";
    if (!event.personal[i]) {
      line->append("null");
      continue;
    }
    StrAppend(line, "{\"salt\":\"", crypto::Base64(event.personal[i]->salt), "\",\"value\":");
    AppendJsonString(event.personal[i]->value, line);
    line->push_back('}');
  }
}

}  // namespace

absl::StatusOr<std::string> ExportLine(const ExportedEvent& event) {
  ASSIGN_OR_RETURN(const Leaf leaf, Leaf::Parse(event.leaf));
  std::string line =
      StrCat("{\"seq\":", event.sequence, ",\"recorded_at\":\"", FormatLogTime(leaf.recorded_at),
             "\",\"event\":", event.body, ",\"personal\":{");
  AppendPersonal(event, leaf, &line);
  StrAppend(&line, "},\"leaf\":\"", crypto::Base64(event.leaf), "\",\"proof\":[");
  std::string_view separator;
  for (const Hash& hash : event.proof) {
    StrAppend(&line, separator, "\"", crypto::Base64(View(hash)), "\"");
    separator = ",";
  }
  line.append("]}\n");
  return line;
}

void LineDigest::Add(std::string_view line) {
  // The shape of a tree's node without its prefix; the domain is another, so no prefix is needed.
  hash_ = Sha256Of(StrCat(View(hash_), View(Sha256Of(line))));
}

std::string ExportManifest::ToText() const {
  return StrCat(origin, kManifestTitle, "\nsize ", size, "\nfilter ", filter, "\n");
}

absl::StatusOr<ExportManifest> ExportManifest::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(Statement statement, ParseStatement(text, kManifestTitle, "size ", "filter "));
  ASSIGN_OR_RETURN(const uint64_t size, ParseCount(statement.first));
  return ExportManifest{std::move(statement.origin), size, std::move(statement.second)};
}

std::string ExportTrailer::ToText() const {
  return StrCat(origin, kTrailerTitle, "\nevents ", events, "\ndigest ",
                crypto::Base64(View(digest)), "\n");
}

absl::StatusOr<ExportTrailer> ExportTrailer::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(Statement statement, ParseStatement(text, kTrailerTitle, "events ", "digest "));
  ASSIGN_OR_RETURN(const uint64_t events, ParseCount(statement.first));
  ASSIGN_OR_RETURN(const std::string digest, crypto::ParseBase64(statement.second));
  ASSIGN_OR_RETURN(const Hash hash, ParseHash(digest));
  return ExportTrailer{std::move(statement.origin), events, hash};
}

ExportWriter::ExportWriter(Checkpoint checkpoint, std::string filter, const crypto::Ed25519Key& key)
    : checkpoint_(std::move(checkpoint)), filter_(std::move(filter)), key_(key) {}

absl::StatusOr<std::string> ExportWriter::Header() {
  const std::string& origin = checkpoint_.origin;
  const ExportManifest manifest{origin, checkpoint_.size, filter_};
  ASSIGN_OR_RETURN(const VerifierKey verifier, VerifierKey::Create(origin, key_.public_key()));
  ASSIGN_OR_RETURN(const std::string checkpoint, SignNote(checkpoint_.ToText(), origin, key_));
  ASSIGN_OR_RETURN(const std::string asked, SignNote(manifest.ToText(), origin, key_));
  std::string line = StrCat("{\"kasbah_export\":1,\"origin\":", JsonString(origin),
                            ",\"verifier_key\":", JsonString(verifier.ToString()),
                            ",\"checkpoint\":", JsonString(checkpoint),
                            ",\"manifest\":", JsonString(asked), "}\n");
  digest_.Add(line);
  return line;
}

absl::StatusOr<std::string> ExportWriter::Line(const ExportedEvent& event) {
  ASSIGN_OR_RETURN(std::string line, ExportLine(event));
  digest_.Add(line);
  ++events_;
  return line;
}

absl::StatusOr<std::string> ExportWriter::Trailer() {
  const ExportTrailer trailer{checkpoint_.origin, events_, digest_.hash()};
  ASSIGN_OR_RETURN(const std::string note, SignNote(trailer.ToText(), checkpoint_.origin, key_));
  return StrCat(kTrailerStart, JsonString(note), "}\n");
}

}  // namespace kasbah::merkle
