#include "services/tenant_data/domain/filter_lexer.h"

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-' ||
         c == '+';
}

}  // namespace

absl::Status FilterFault(size_t place, std::string_view rule, std::string_view description) {
  return InvalidFields({{"filter", StrCat("at ", place, ": ", description), std::string(rule)}});
}

absl::StatusOr<FilterToken> FilterLexer::Next() {
  while (at_ < text_.size() && absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  FilterToken token;
  token.place = at_ + 1;
  if (at_ == text_.size()) return token;
  const char c = text_[at_];
  if (c == '"' || c == '\'') return TakeText();
  const bool is_number = c == '-' && at_ + 1 < text_.size() &&
                         absl::ascii_isdigit(static_cast<unsigned char>(text_[at_ + 1]));
  if (is_number || (c != '-' && IsWordCharacter(c))) return TakeWord();
  token.kind = FilterToken::Kind::kSign;
  for (const std::string_view sign : {"!=", "<=", ">=", "=", "<", ">", ":", "(", ")", "-", "*"}) {
    if (!text_.substr(at_).starts_with(sign)) continue;
    token.text = std::string(sign);
    at_ += sign.size();
    return token;
  }
  return FilterFault(token.place, "SYNTAX", "is nothing that a filter can have; quote texts");
}

FilterToken FilterLexer::TakeWord() {
  FilterToken token;
  token.kind = FilterToken::Kind::kWord;
  token.place = at_ + 1;
  while (at_ < text_.size() && IsWordCharacter(text_[at_])) token.text.push_back(text_[at_++]);
  return token;
}

absl::StatusOr<FilterToken> FilterLexer::TakeText() {
  FilterToken token;
  token.kind = FilterToken::Kind::kText;
  token.place = at_ + 1;
  const char quote = text_[at_++];
  while (at_ < text_.size() && text_[at_] != quote) {
    char c = text_[at_++];
    if (token.kind == FilterToken::Kind::kPrefix) {
      return FilterFault(at_ - 1, "SYNTAX", "a * can stand at the end of a text; \\* is the sign");
    }
    if (c == '*') {
      token.kind = FilterToken::Kind::kPrefix;
      continue;
    }
    if (c == '\\') {
      if (at_ == text_.size()) break;
      c = text_[at_++];
      if (c != '\\' && c != '"' && c != '\'' && c != '*') {
        return FilterFault(at_ - 1, "SYNTAX", "a \\ stands before \\, a quote or * alone");
      }
    }
    token.text.push_back(c);
  }
  if (at_ >= text_.size()) return FilterFault(token.place, "SYNTAX", "a text without its end");
  ++at_;
  return token;
}

}  // namespace kasbah::tenantdata
