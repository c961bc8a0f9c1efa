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

// From which event on an export leaves nothing out between its first event and its last: of a range
// its beginning; of one that picks by time alone 0, or the "first_sequence" that it says before the
// times; nothing for one that picks events by anything else.
std::optional<uint64_t> GaplessFrom(std::string_view filter, uint64_t size);

// What an export says that was asked for with `filter` of a log of `size` which was pruned before
// `begins`: of one that would leave nothing out, from where on that is so.
std::string StatementFrom(std::string_view filter, uint64_t begins, uint64_t size);

}  // namespace kasbah::merkle
