#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// One word of a filter.
struct FilterToken {
  enum class Kind {
    // A name, a number, true, a date: letters, digits, "_", ".", "-" and "+".
    kWord,
    // What stood in quotes, unescaped.
    kText,
    // The same, with a * at its end, which is not part of it.
    kPrefix,
    // = != < <= > >= : ( ) - and a * that stands alone.
    kSign,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;
  // Of its first byte, from 1.
  size_t place = 1;
};

// INVALID_ARGUMENT at "filter", with the place, under `rule`.
absl::Status FilterFault(size_t place, std::string_view rule, std::string_view description);

// Splits a filter into its tokens, one at a time.
class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}

  // Rule SYNTAX for what is no token.
  absl::StatusOr<FilterToken> Next();

 private:
  absl::StatusOr<FilterToken> TakeText();
  FilterToken TakeWord();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace kasbah::tenantdata
