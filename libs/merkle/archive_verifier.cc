#include "libs/merkle/archive_verifier.h"

#include <array>
#include <streambuf>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/sha256_stream.h"
#include "libs/merkle/export_range.h"
#include "libs/merkle/personal_file.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

constexpr std::string_view kTitle = " archive 1";

absl::Status Broken(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// Passes a file on and hashes what goes by.
class HashingBuffer : public std::streambuf {
 public:
  explicit HashingBuffer(std::streambuf& source) : source_(source) {}
  // Once it was read to its end.
  std::string Finish() { return hash_.Finish(); }

 protected:
  int_type underflow() override {
    const std::streamsize got =
        source_.sgetn(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    if (got <= 0) return traits_type::eof();
    hash_.Update({bytes_.data(), static_cast<size_t>(got)});
    setg(bytes_.data(), bytes_.data(), bytes_.data() + got);
    return traits_type::to_int_type(bytes_[0]);
  }

 private:
  std::streambuf& source_;
  crypto::Sha256Stream hash_;
  std::array<char, 65536> bytes_{};
};

// Walks the personal values beside the events.
class PersonalValues {
 public:
  explicit PersonalValues(std::istream& file) : file_(file) {}

  absl::Status Check(uint64_t sequence, const Leaf& leaf) {
    RETURN_IF_ERROR(Advance(sequence));
    if (!next_ || next_->sequence != sequence) return absl::OkStatus();
    for (size_t i = 0; i < kPersonalFields.size(); ++i) {
      if (!next_->personal[i]) continue;
      const DisclosedValue& shown = *next_->personal[i];
      if (!leaf.personal[i] ||
          CommitPersonal(kPersonalFields[i], shown.salt, shown.value) != *leaf.personal[i]) {
        return Broken(StrCat("personal values, line ", line_number_, ": ", kPersonalFields[i],
                             " is not the value that was logged"));
      }
      ++values_;
    }
    if (next_->recorded_at != FormatLogTime(leaf.recorded_at)) {
      return Broken(
          StrCat("personal values, line ", line_number_, ": not the time that was logged"));
    }
    next_.reset();
    return absl::OkStatus();
  }
  absl::Status AtEnd() { return Advance(UINT64_MAX); }
  uint64_t values() const { return values_; }

 private:
  // Reads on until there is a line that does not come before `sequence`.
  absl::Status Advance(uint64_t sequence) {
    if (next_ && next_->sequence < sequence) {
      return Broken(StrCat("personal values, line ", line_number_, ": of no event of the bundle"));
    }
    if (next_) return absl::OkStatus();
    std::string line;
    if (!std::getline(file_, line)) return absl::OkStatus();
    ++line_number_;
    ASSIGN_OR_RETURN(next_, ParsePersonalLine(line));
    if (next_->sequence < sequence) {
      return Broken(StrCat("personal values, line ", line_number_, ": of no event of the bundle"));
    }
    return absl::OkStatus();
  }

  std::istream& file_;
  std::optional<PersonalEntry> next_;
  uint64_t line_number_ = 0;
  uint64_t values_ = 0;
};

absl::Status Verify(std::istream& events, std::istream& personal, std::string_view note,
                    const VerifierKey& key, ArchiveVerdict* verdict) {
  ASSIGN_OR_RETURN(const std::string text, OpenNote(note, key));
  ASSIGN_OR_RETURN(const ArchiveManifest manifest, ArchiveManifest::Parse(text));
  if (manifest.origin != key.name()) return Broken("the manifest is of another log");
  HashingBuffer hashing(*events.rdbuf());
  std::istream hashed(&hashing);
  PersonalValues values(personal);
  const ExportVerdict exported = VerifyExport(
      hashed, key,
      [&values](uint64_t sequence, const Leaf& leaf) { return values.Check(sequence, leaf); });
  verdict->summary = exported.summary;
  if (!exported.ok()) return Broken(exported.fault->ToString());
  RETURN_IF_ERROR(values.AtEnd());
  verdict->personal_values = values.values();
  if (exported.summary.filter != RangeFilter({manifest.first, manifest.past}) ||
      exported.summary.events != manifest.past - manifest.first ||
      exported.summary.checkpoint.size != manifest.size) {
    return Broken("the events are not those that the manifest names");
  }
  if (hashing.Finish() != manifest.events_sha256) {
    return Broken("the events are not the file that the manifest names");
  }
  return absl::OkStatus();
}

}  // namespace

std::string ArchiveManifest::ToText() const {
  return StrCat(origin, kTitle, "\nname ", name, "\nrange ", first, " ", past, "\nsize ", size,
                "\nevents ", crypto::Base64(events_sha256), "\n");
}

absl::StatusOr<ArchiveManifest> ArchiveManifest::Parse(std::string_view text) {
  const absl::Status malformed = Broken("not the manifest of a bundle");
  const std::vector<std::string_view> lines = SplitOn(text, '\n');
  if (lines.size() != 6 || !lines[5].empty() || !lines[0].ends_with(kTitle) ||
      !lines[1].starts_with("name ") || !lines[2].starts_with("range ") ||
      !lines[3].starts_with("size ") || !lines[4].starts_with("events ")) {
    return malformed;
  }
  const std::vector<std::string_view> range = SplitOn(lines[2].substr(6), ' ');
  if (range.size() != 2) return malformed;
  const std::optional<uint64_t> first = ParseDecimal(range[0]);
  const std::optional<uint64_t> past = ParseDecimal(range[1]);
  const std::optional<uint64_t> size = ParseDecimal(lines[3].substr(5));
  absl::StatusOr<std::string> digest = crypto::ParseBase64(std::string(lines[4].substr(7)));
  if (!first || !past || !size || *first >= *past || !digest.ok() ||
      digest->size() != sizeof(Hash)) {
    return malformed;
  }
  return ArchiveManifest{std::string(lines[0].substr(0, lines[0].size() - kTitle.size())),
                         std::string(lines[1].substr(5)),
                         *first,
                         *past,
                         *size,
                         *std::move(digest)};
}

ArchiveVerdict VerifyArchive(std::istream& events, std::istream& personal,
                             std::string_view manifest, const VerifierKey& key) {
  ArchiveVerdict verdict;
  const absl::Status status = Verify(events, personal, manifest, key, &verdict);
  if (!status.ok()) verdict.fault = std::string(status.message());
  return verdict;
}

}  // namespace kasbah::merkle
