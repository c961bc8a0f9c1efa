#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kasbah::merkle {

// The part of a log that an export says is whole: every event of [first, past) stands in it. Before
// `first` single ones may: those that are held while the rest of the beginning was pruned.
struct ExportRange {
  uint64_t first = 0;
  uint64_t past = 0;
};

// As the manifest's filter: {"first_sequence":5,"past_sequence":9}. Numbers where callers' filters
// have text, so that neither is taken for the other.
std::string RangeFilter(const ExportRange& range);

// What a filter of an export from a log of `size` says is whole; nothing for one that picks events.
// "{}" is the whole log.
std::optional<ExportRange> WholeRangeOf(std::string_view filter, uint64_t size);

}  // namespace kasbah::merkle
