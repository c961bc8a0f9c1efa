#include "services/audit/formats/cef.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "services/audit/formats/format_fixture.h"

namespace kasbah::audit {
namespace {

struct Parsed {
  std::vector<std::string> header;
  std::map<std::string, std::string> extension;
};

// As readers do: seven fields by pipes, then keys by the word before an "=" that is not escaped.
// Unset for an escape that the format does not have.
std::optional<Parsed> Parse(std::string_view line) {
  Parsed parsed;
  if (!line.starts_with("CEF:")) return std::nullopt;
  std::string field;
  size_t at = 4;
  for (; at < line.size() && parsed.header.size() < 7; ++at) {
    if (line[at] == '\\') {
      ++at;
      if (at >= line.size() || (line[at] != '\\' && line[at] != '|')) return std::nullopt;
      field.push_back(line[at]);
    } else if (line[at] == '|') {
      parsed.header.push_back(std::move(field));
      field.clear();
    } else {
      field.push_back(line[at]);
    }
  }
  std::string key;
  std::string value;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '\\') {
      const char next = ++at < line.size() ? line[at] : '?';
      if (next == 'n' || next == 'r') {
        value.push_back(next == 'n' ? '\n' : '\r');
      } else if (next == '\\' || next == '=') {
        value.push_back(next);
      } else {
        return std::nullopt;
      }
    } else if (c == '=') {
      const size_t space = value.rfind(' ');
      const std::string next_key = space == std::string::npos ? value : value.substr(space + 1);
      if (!key.empty()) parsed.extension[key] = value.substr(0, space);
      key = next_key;
      value.clear();
    } else {
      value.push_back(c);
    }
  }
  if (!key.empty()) parsed.extension[key] = value;
  return parsed;
}

TEST(Cef, IsThisText) {
  EXPECT_EQ(Cef(PlainEvent()),
            "CEF:0|Kasbah|audit|1|secret.create|secret create|3|rt=1790000001250 "
            "start=1790000000125 externalId=evt_01h455vb4pex5vsknk084sn02q suid=usr_ada suser=Ada "
            "src=192.0.2.1 act=allowed outcome=success requestClientApplication=curl/8 cat=vault "
            "cn1=41 cn1Label=sequence cs1=ten_00000000000000000000000002 cs1Label=tenant "
            "cs2=secret cs2Label=targetType cs3=sec_x cs3Label=targetId cs4=req-1 "
            "cs4Label=requestId cs5=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\\= "
            "cs5Label=leafHash cs6=42 cs6Label=logSize msg=version\\=2");
}

TEST(Cef, Ipv6AddressesHaveAFieldOfTheirOwn) {
  SentEvent event = PlainEvent();
  event.event.mutable_event()->set_source_address("2001:db8::1");
  const auto parsed = Parse(Cef(event));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->extension.count("src"), 0u);
  EXPECT_EQ(parsed->extension.at("c6a2"), "2001:db8::1");
  EXPECT_EQ(parsed->extension.at("c6a2Label"), "Source IPv6 Address");
}

TEST(Cef, ADenialIsDeniedAndGraver) {
  SentEvent event = PlainEvent();
  event.event.mutable_event()->set_outcome(outbox::v1::OUTCOME_DENIED);
  const auto parsed = Parse(Cef(event));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->header[6], "7");
  EXPECT_EQ(parsed->extension.at("act"), "denied");
  EXPECT_EQ(parsed->extension.at("outcome"), "failure");
}

TEST(Cef, HostileValuesStayInTheirFields) {
  for (const std::string& value : HostileValues()) {
    const SentEvent event = EventOfValue(value);
    const std::string line = Cef(event);
    EXPECT_TRUE(IsOneCleanLine(line)) << value.substr(0, 40);
    EXPECT_LT(line.size(), 6u * 1024) << value.substr(0, 40);
    const auto parsed = Parse(line);
    ASSERT_TRUE(parsed.has_value()) << value.substr(0, 40);
    ASSERT_EQ(parsed->header.size(), 7u);
    EXPECT_EQ(parsed->header[1], "Kasbah");
    EXPECT_EQ(parsed->header[6], "3");
    // Nothing was added, and what stands after the values is where it was.
    EXPECT_EQ(parsed->extension.at("cn1"), "41");
    EXPECT_EQ(parsed->extension.at("outcome"), "success");
    EXPECT_EQ(parsed->extension.at("cs6"), "42");
    EXPECT_EQ(parsed->extension.count("forged"), 0u);
    if (value.size() < 100 && IsOneCleanLine(value) && !value.starts_with("bad utf-8")) {
      EXPECT_EQ(parsed->header[4], value);
      EXPECT_EQ(parsed->extension.at("suid"), value);
      EXPECT_EQ(parsed->extension.at("duid"), value);
    }
  }
}

}  // namespace
}  // namespace kasbah::audit
