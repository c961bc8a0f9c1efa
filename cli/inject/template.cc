#include "cli/inject/template.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/json_text.h"

namespace kasbah::cli {
namespace {

// The words between two braces, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  bool Take(std::string_view word) {
    SkipSpace();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  // "…", without escapes.
  std::optional<std::string> Quoted() {
    if (!Take("\"")) return std::nullopt;
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }
  // Nothing where no number stands.
  std::optional<uint32_t> Number() {
    SkipSpace();
    const size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    uint32_t number = 0;
    if (end == 0 || !absl::SimpleAtoi(ToAbsl(rest_.substr(0, end)), &number)) return std::nullopt;
    rest_.remove_prefix(end);
    return number;
  }
  bool AtEnd() {
    SkipSpace();
    return rest_.empty();
  }

 private:
  void SkipSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view rest_;
};

class Renderer {
 public:
  explicit Renderer(const ReadSecret& read) : read_(read) {}

  // What stands for the words between two braces; nothing where they say nothing.
  absl::StatusOr<std::optional<std::string>> Place(std::string_view text) {
    Words words(text);
    if (std::optional<std::string> literal = words.Quoted()) {
      if (!words.AtEnd()) return std::nullopt;
      return literal;
    }
    if (!words.Take("secret")) return std::nullopt;
    SecretSpec spec;
    std::optional<std::string> secret = words.Quoted();
    if (!secret) return std::nullopt;
    spec.secret = *std::move(secret);
    spec.version = words.Number().value_or(0);
    const bool filtered = words.Take("|");
    const bool as_json = filtered && words.Take("json");
    const bool as_base64 = filtered && !as_json && words.Take("base64");
    if (!words.AtEnd() || filtered != (as_json || as_base64)) return std::nullopt;
    ASSIGN_OR_RETURN(const std::string value, Read(spec));
    if (as_json) return merkle::JsonString(value);
    return as_base64 ? absl::Base64Escape(value) : value;
  }

 private:
  absl::StatusOr<std::string> Read(const SecretSpec& spec) {
    const auto known = values_.find({spec.secret, spec.version});
    if (known != values_.end()) return known->second;
    ASSIGN_OR_RETURN(std::string value, read_(spec));
    return values_.emplace(std::pair(spec.secret, spec.version), std::move(value)).first->second;
  }

  const ReadSecret& read_;
  std::map<std::pair<std::string, uint32_t>, std::string> values_;
};

}  // namespace

absl::StatusOr<std::string> RenderTemplate(std::string_view text, const ReadSecret& read) {
  Renderer renderer(read);
  std::string out;
  int line = 1;
  while (true) {
    const size_t open = text.find("{{");
    out.append(text.substr(0, open));
    if (open == std::string_view::npos) return out;
    line += static_cast<int>(
        std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(open), '\n'));
    text.remove_prefix(open + 2);
    // Braces may stand between quotes.
    size_t close = 0;
    for (bool quoted = false; close < text.size(); ++close) {
      if (text[close] == '"') quoted = !quoted;
      if (!quoted && text.substr(close, 2) == "}}") break;
    }
    std::optional<std::string> value;
    if (close < text.size()) {
      ASSIGN_OR_RETURN(value, renderer.Place(text.substr(0, close)));
    }
    if (!value) {
      return absl::InvalidArgumentError(ToAbsl(
          StrCat("line ", line, R"(: say {{ secret "path" }}, {{ secret "path" 3 | json }} or )",
                 R"({{ "text" }})")));
    }
    out += *value;
    line += static_cast<int>(
        std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(close), '\n'));
    text.remove_prefix(close + 2);
  }
}

}  // namespace kasbah::cli
