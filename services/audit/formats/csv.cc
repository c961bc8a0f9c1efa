#include "services/audit/formats/csv.h"

#include <map>
#include <string_view>

#include "libs/base/strings.h"
#include "libs/merkle/json_text.h"
#include "libs/merkle/leaf.h"
#include "services/audit/formats/text.h"

namespace kasbah::audit {
namespace {

constexpr std::string_view kColumns[] = {
    "seq",        "recorded_at", "occurred_at", "event_id",       "service",    "action",
    "actor_kind", "actor_id",    "actor_name",  "target_kind",    "target_id",  "target_name",
    "outcome",    "reason",      "count",       "source_address", "user_agent", "workload",
    "request_id", "traceparent", "attributes",  "tenant_id",      "leaf_hash"};

std::string_view EscapeCell(char32_t character) {
  switch (character) {
    case '"':
      return "\"\"";
    case '\\':
      return "\\\\";
    case '\t':
      return "\\t";
    case '\r':
      return "\\r";
    case '\n':
      return "\\n";
    default:
      return "";
  }
}

// OWASP, "CSV Injection".
bool LooksLikeFormula(std::string_view text) {
  while (!text.empty()) {
    switch (TakeCharacter(&text)) {
      case U' ':
      case U'\u00A0':
      case U'\u3000':
        continue;
      case U'\'':
      case U'=':
      case U'+':
      case U'-':
      case U'@':
      case U'\uFF1D':
      case U'\uFF0B':
      case U'\uFF0D':
      case U'\uFF20':
        return true;
      default:
        return false;
    }
  }
  return false;
}

class Line {
 public:
  Line& Cell(std::string_view text) {
    line_.append(line_.empty() ? "\"" : ",\"");
    if (LooksLikeFormula(text)) line_.push_back('\'');
    AppendText(text, EscapeCell, 0, &line_);
    line_.push_back('"');
    return *this;
  }
  std::string End() && { return std::move(line_) + "\r\n"; }

 private:
  std::string line_;
};

// A JSON object in the order of its names; empty for none.
std::string AttributesOf(const outbox::v1::AuditEvent& what) {
  if (what.attributes().empty()) return "";
  const std::map<std::string_view, std::string_view> sorted(what.attributes().begin(),
                                                            what.attributes().end());
  std::string json;
  for (const auto& [name, value] : sorted) {
    json.append(json.empty() ? "{" : ",");
    merkle::AppendJsonString(name, &json);
    json.push_back(':');
    merkle::AppendJsonString(value, &json);
  }
  return json + "}";
}

}  // namespace

std::string CsvHeader() {
  Line line;
  for (const std::string_view column : kColumns) line.Cell(column);
  return std::move(line).End();
}

std::string CsvLine(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  Line line;
  line.Cell(StrCat(event.event.sequence()))
      .Cell(merkle::FormatLogTime(event.recorded_at()))
      .Cell(merkle::FormatLogTime(event.occurred_at()))
      .Cell(what.event_id())
      .Cell(what.service())
      .Cell(what.action())
      .Cell(what.actor().kind())
      .Cell(what.actor().id())
      .Cell(what.actor().display())
      .Cell(what.target().kind())
      .Cell(what.target().id())
      .Cell(what.target().name())
      .Cell(event.outcome())
      .Cell(what.reason())
      .Cell(StrCat(what.count() == 0 ? 1 : what.count()))
      .Cell(what.source_address())
      .Cell(what.user_agent())
      .Cell(what.workload())
      .Cell(what.request_id())
      .Cell(what.traceparent())
      .Cell(AttributesOf(what))
      .Cell(event.tenant.ToString())
      .Cell(event.leaf_text());
  return std::move(line).End();
}

}  // namespace kasbah::audit
