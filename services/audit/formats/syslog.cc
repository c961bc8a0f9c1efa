#include "services/audit/formats/syslog.h"

#include <algorithm>

#include "libs/base/strings.h"
#include "libs/merkle/leaf.h"
#include "services/audit/formats/text.h"

namespace kasbah::audit {
namespace {

constexpr int kLogAudit = 13;
constexpr int kWarning = 4;
constexpr int kInformational = 6;
// RFC 5424, 6.4: says that MSG is UTF-8.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kHostname = 255;
constexpr size_t kProcessId = 128;
constexpr size_t kMessageId = 32;
constexpr size_t kId = 768;
constexpr size_t kWord = 128;
constexpr size_t kSentence = 1536;

std::string_view EscapeParameter(char32_t character) {
  switch (character) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case ']':
      return "\\]";
    default:
      return "";
  }
}

std::string_view EscapeNothing(char32_t) { return ""; }

// A field of the header: PRINTUSASCII without spaces, or "-".
std::string HeaderField(std::string_view text, size_t size) {
  std::string field(text.substr(0, size));
  std::replace_if(
      field.begin(), field.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
  return field.empty() ? "-" : field;
}

class Element {
 public:
  Element(uint32_t enterprise, std::string* out) : out_(out) {
    StrAppend(out_, "[kasbah@", enterprise);
  }
  Element& Add(std::string_view name, std::string_view value, size_t limit) {
    StrAppend(out_, " ", name, "=\"");
    AppendText(value, EscapeParameter, limit, out_);
    out_->push_back('"');
    return *this;
  }
  void End() { out_->push_back(']'); }

 private:
  std::string* out_;
};

std::string Header(const SyslogOrigin& origin, const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  const int severity = what.outcome() == outbox::v1::OUTCOME_SUCCESS ? kInformational : kWarning;
  return StrCat("<", kLogAudit * 8 + severity, ">1 ", merkle::FormatLogTime(event.occurred_at()),
                " ", HeaderField(origin.hostname, kHostname), " kasbah-audit ",
                HeaderField(what.service(), kProcessId), " ",
                HeaderField(what.action(), kMessageId), " ");
}

std::string Sentence(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  std::string text = StrCat(what.actor().kind(), " ", what.actor().id(), ": ", what.action());
  if (!what.target().id().empty()) StrAppend(&text, " ", what.target().id());
  StrAppend(&text, ", ", event.outcome());
  if (!what.reason().empty()) StrAppend(&text, " ", what.reason());
  return text;
}

void AppendMessage(std::string_view text, size_t limit, std::string* line) {
  StrAppend(line, " ", kByteOrderMark);
  AppendText(text, EscapeNothing, limit, line);
}

}  // namespace

std::string SyslogMessage(const SyslogOrigin& origin, const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  std::string line = Header(origin, event);
  Element(origin.enterprise, &line)
      .Add("tenant", event.tenant.ToString(), kWord)
      .Add("seq", StrCat(event.event.sequence()), kWord)
      .Add("id", what.event_id(), kWord)
      .Add("action", what.action(), kId)
      .Add("actorId", what.actor().id(), kId)
      .Add("actorType", what.actor().kind(), kWord)
      .Add("ip", what.source_address(), kWord)
      .Add("targetType", what.target().kind(), kWord)
      .Add("targetId", what.target().id(), kId)
      .Add("outcome", event.outcome(), kWord)
      .Add("reason", what.reason(), kWord)
      .Add("reqId", what.request_id(), kWord)
      .Add("leaf", event.leaf_text(), kWord)
      .Add("size", StrCat(event.log_size), kWord)
      .End();
  AppendMessage(Sentence(event), kSentence, &line);
  return line;
}

std::string SyslogMessage(const SyslogOrigin& origin, const SentEvent& event,
                          std::string_view text) {
  std::string line = Header(origin, event);
  line.push_back('-');
  AppendMessage(text, 0, &line);
  return line;
}

}  // namespace kasbah::audit
