#include "services/audit/domain/redaction.h"

#include <algorithm>

#include "libs/base/strings.h"

namespace kasbah::audit {
namespace {

constexpr size_t kDisplay = 2;
static_assert(merkle::kPersonalFields[kDisplay] == "actor.display");

// A subject acts under an id; a person without one is known by the name that stands beside it.
bool IsOf(const merkle::PersonalEntry& entry, const std::string& subject) {
  return subject.empty() || entry.actor_id == subject ||
         (entry.personal[kDisplay] && entry.personal[kDisplay]->value == subject);
}

}  // namespace

bool Redaction::Apply(merkle::PersonalEntry* entry) const {
  if (sequences) {
    if (std::find(sequences->begin(), sequences->end(), entry->sequence) == sequences->end()) {
      return false;
    }
  } else {
    absl::Time at;
    std::string error;
    if (!IsOf(*entry, subject_id)) return false;
    // A time that cannot be read is no reason to keep a value.
    if (absl::ParseTime(absl::RFC3339_full, entry->recorded_at, &at, &error) &&
        (at < start || at >= end)) {
      return false;
    }
  }
  bool changed = false;
  for (size_t i = 0; i < entry->personal.size(); ++i) {
    if (!Covers(i) || !entry->personal[i]) continue;
    entry->personal[i].reset();
    changed = true;
  }
  return changed;
}

std::string FieldNames(int fields) {
  std::string names;
  for (size_t i = 0; i < merkle::kPersonalFields.size(); ++i) {
    if ((fields >> i & 1) == 0) continue;
    StrAppend(&names, names.empty() ? "" : ",", merkle::kPersonalFields[i]);
  }
  return names;
}

std::string SequenceText(const std::vector<uint64_t>& sequences) {
  std::string text;
  for (size_t i = 0; i < sequences.size();) {
    size_t last = i;
    while (last + 1 < sequences.size() && sequences[last + 1] == sequences[last] + 1) ++last;
    StrAppend(&text, text.empty() ? "" : ",", sequences[i]);
    if (last > i) StrAppend(&text, "-", sequences[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace kasbah::audit
