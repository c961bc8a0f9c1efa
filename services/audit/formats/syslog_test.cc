#include "services/audit/formats/syslog.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "services/audit/formats/cef.h"
#include "services/audit/formats/format_fixture.h"

namespace kasbah::audit {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";

struct Parsed {
  // PRI and VERSION, TIMESTAMP, HOSTNAME, APP-NAME, PROCID, MSGID.
  std::vector<std::string> header;
  std::string element;
  std::map<std::string, std::string> parameters;
  std::string message;
};

// By the grammar of RFC 5424, section 6; unset for what does not follow it.
std::optional<Parsed> Parse(std::string_view line) {
  Parsed parsed;
  for (int i = 0; i < 6; ++i) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    parsed.header.emplace_back(line.substr(0, space));
    line.remove_prefix(space + 1);
  }
  if (line.starts_with('-')) {
    line.remove_prefix(1);
  } else {
    const size_t space = line.find(' ');
    parsed.element = line.substr(1, space - 1);
    line.remove_prefix(space);
    while (line.starts_with(' ')) {
      const size_t equals = line.find("=\"");
      if (equals == std::string_view::npos) return std::nullopt;
      std::string& value = parsed.parameters[std::string(line.substr(1, equals - 1))];
      size_t at = equals + 2;
      for (; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == ']') return std::nullopt;
        if (line[at] == '\\') ++at;
        value.push_back(line[at]);
      }
      line.remove_prefix(at + 1);
    }
    if (!line.starts_with(']')) return std::nullopt;
    line.remove_prefix(1);
  }
  if (!line.starts_with(' ')) return std::nullopt;
  parsed.message = line.substr(1);
  return parsed;
}

TEST(Syslog, IsThisText) {
  EXPECT_EQ(SyslogMessage({.hostname = "audit-0"}, PlainEvent()),
            "<110>1 2026-09-21T14:13:20.125000Z audit-0 kasbah-audit vault secret.create "
            "[kasbah@32473 tenant=\"ten_00000000000000000000000002\" seq=\"41\" "
            "id=\"evt_01h455vb4pex5vsknk084sn02q\" action=\"secret.create\" actorId=\"usr_ada\" "
            "actorType=\"user\" ip=\"192.0.2.1\" targetType=\"secret\" targetId=\"sec_x\" "
            "outcome=\"SUCCESS\" reason=\"\" reqId=\"req-1\" "
            "leaf=\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\" size=\"42\"] "
            "\xEF\xBB\xBFuser usr_ada: secret.create sec_x, SUCCESS");
}

TEST(Syslog, WhatDidNotSucceedIsAWarning) {
  SentEvent event = PlainEvent();
  event.event.mutable_event()->set_outcome(outbox::v1::OUTCOME_DENIED);
  EXPECT_TRUE(SyslogMessage({}, event).starts_with("<108>1 "));
}

TEST(Syslog, HostileValuesStayInTheirParameters) {
  for (const std::string& value : HostileValues()) {
    const std::string line = SyslogMessage({}, EventOfValue(value));
    EXPECT_TRUE(IsOneCleanLine(line)) << value.substr(0, 40);
    EXPECT_LE(line.size(), 8192u);
    const auto parsed = Parse(line);
    ASSERT_TRUE(parsed.has_value()) << line.substr(0, 200);
    EXPECT_EQ(parsed->header[0], "<110>1");
    EXPECT_EQ(parsed->header[3], "kasbah-audit");
    EXPECT_LE(parsed->header[5].size(), 32u);
    EXPECT_EQ(parsed->element, "kasbah@32473");
    EXPECT_EQ(parsed->parameters.size(), 14u);
    EXPECT_EQ(parsed->parameters.at("seq"), "41");
    EXPECT_EQ(parsed->parameters.at("size"), "42");
    EXPECT_TRUE(parsed->message.starts_with(kMark));
    if (value.size() < 100 && IsOneCleanLine(value) && !value.starts_with("bad utf-8")) {
      EXPECT_EQ(parsed->parameters.at("actorId"), value);
    }
  }
}

TEST(Syslog, CefIsTheWholeMessage) {
  for (const std::string& value : HostileValues()) {
    const SentEvent event = EventOfValue(value);
    const std::string line = SyslogMessage({}, event, Cef(event));
    EXPECT_LE(line.size(), 8192u);
    const auto parsed = Parse(line);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->message, std::string(kMark) + Cef(event));
  }
}

}  // namespace
}  // namespace kasbah::audit
