#include "services/audit/formats/cef.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "libs/base/strings.h"
#include "libs/http/address_guard.h"
#include "services/audit/formats/text.h"

namespace kasbah::audit {
namespace {

// Of the format's producer, as the header wants it.
constexpr std::string_view kVersion = "1";
constexpr size_t kId = 512;
constexpr size_t kName = 256;
constexpr size_t kWord = 128;
constexpr size_t kMessage = 1023;

// Line ends have no escape in a header.
std::string_view EscapeHeader(char32_t character) {
  switch (character) {
    case '\\':
      return "\\\\";
    case '|':
      return "\\|";
    case '\r':
    case '\n':
    case '\t':
      return " ";
    default:
      return "";
  }
}

// A pipe stands for itself here: readers refuse it escaped.
std::string_view EscapeValue(char32_t character) {
  switch (character) {
    case '\\':
      return "\\\\";
    case '=':
      return "\\=";
    case '\r':
      return "\\r";
    case '\n':
      return "\\n";
    case '\t':
      return " ";
    default:
      return "";
  }
}

class Extension {
 public:
  explicit Extension(std::string* out) : out_(out) {}

  // Left out when empty.
  Extension& Add(std::string_view key, std::string_view value, size_t limit) {
    if (value.empty()) return *this;
    StrAppend(out_, first_ ? "" : " ", key, "=");
    first_ = false;
    AppendText(value, EscapeValue, limit, out_);
    return *this;
  }
  Extension& Labelled(std::string_view key, std::string_view label, std::string_view value,
                      size_t limit) {
    if (value.empty()) return *this;
    return Add(key, value, limit).Add(StrCat(key, "Label"), label, kWord);
  }

 private:
  std::string* out_;
  bool first_ = true;
};

int SeverityOf(const outbox::v1::AuditEvent& what) {
  switch (what.outcome()) {
    case outbox::v1::OUTCOME_SUCCESS:
      return 3;
    case outbox::v1::OUTCOME_DENIED:
      return 7;
    default:
      return 6;
  }
}

std::string AttributesOf(const outbox::v1::AuditEvent& what) {
  const std::map<std::string_view, std::string_view> sorted(what.attributes().begin(),
                                                            what.attributes().end());
  std::string text;
  for (const auto& [name, value] : sorted) {
    StrAppend(&text, text.empty() ? "" : " ", name, "=", value);
  }
  return text;
}

void AddSource(const std::string& address, Extension* extension) {
  const auto ip = http::IpAddress::Parse(address);
  if (!ip) return;
  if (ip->is_v4) {
    extension->Add("src", address, kWord);
  } else {
    extension->Labelled("c6a2", "Source IPv6 Address", address, kWord);
  }
}

}  // namespace

std::string Cef(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  std::string line = StrCat("CEF:0|Kasbah|audit|", kVersion, "|");
  AppendText(what.action(), EscapeHeader, kName, &line);
  line.push_back('|');
  std::string title = what.action();
  std::replace(title.begin(), title.end(), '.', ' ');
  AppendText(title, EscapeHeader, kName, &line);
  StrAppend(&line, "|", SeverityOf(what), "|");

  Extension extension(&line);
  extension.Add("rt", StrCat(absl::ToUnixMillis(event.recorded_at())), kWord)
      .Add("start", StrCat(absl::ToUnixMillis(event.occurred_at())), kWord)
      .Add("externalId", what.event_id(), kWord)
      .Add("suid", what.actor().id(), kId)
      .Add("suser", what.actor().display(), kName);
  AddSource(what.source_address(), &extension);
  if (what.target().kind() == "user") {
    extension.Add("duid", what.target().id(), kId).Add("duser", what.target().name(), kName);
  }
  extension.Add("act", what.outcome() == outbox::v1::OUTCOME_DENIED ? "denied" : "allowed", kWord)
      .Add("outcome", what.outcome() == outbox::v1::OUTCOME_SUCCESS ? "success" : "failure", kWord)
      .Add("reason", what.reason(), kWord)
      .Add("requestClientApplication", what.user_agent(), kName)
      .Add("cat", what.service(), kWord)
      .Add("cnt", what.count() == 0 ? "" : StrCat(what.count()), kWord)
      .Labelled("cn1", "sequence", StrCat(event.event.sequence()), kWord)
      .Labelled("cs1", "tenant", event.tenant.ToString(), kWord)
      .Labelled("cs2", "targetType", what.target().kind(), kWord)
      .Labelled("cs3", "targetId", what.target().id(), kId)
      .Labelled("cs4", "requestId", what.request_id(), kName)
      .Labelled("cs5", "leafHash", event.leaf_text(), kWord)
      .Labelled("cs6", "logSize", StrCat(event.log_size), kWord)
      .Add("msg", AttributesOf(what), kMessage);
  return line;
}

}  // namespace kasbah::audit
