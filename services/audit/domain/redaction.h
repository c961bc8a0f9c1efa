#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/merkle/personal_file.h"

namespace kasbah::audit {

// Which personal values are to be destroyed.
struct Redaction {
  // These events; or, where unset, those of a subject in a time, or of everybody where it is empty.
  std::optional<std::vector<uint64_t>> sequences;
  std::string subject_id;
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
  // merkle::kPersonalFields by number: bit 0 is the first.
  int fields = 0;

  bool Covers(size_t field) const { return (fields >> field & 1) != 0; }
  // Takes what it covers out of an entry of a bundle. Whether there was any.
  bool Apply(merkle::PersonalEntry* entry) const;
};

// All of them.
inline constexpr int kAllPersonalFields = (1 << merkle::kPersonalFields.size()) - 1;

// "source_address,user_agent", for the trail.
std::string FieldNames(int fields);

// "3-5,9": ascending numbers, each once, for the trail.
std::string SequenceText(const std::vector<uint64_t>& sequences);

}  // namespace kasbah::audit
