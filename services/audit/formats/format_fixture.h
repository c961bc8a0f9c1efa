#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/timestamp.h"
#include "services/audit/formats/sent_event.h"

namespace kasbah::audit {

inline constexpr char kTenantText[] = "ten_00000000000000000000000002";

// An ordinary event, the same each time.
inline SentEvent PlainEvent() {
  SentEvent event;
  event.tenant = TenantId::Parse(kTenantText).value();
  event.event.set_sequence(41);
  *event.event.mutable_recorded_at() = ToTimestamp(absl::FromUnixMillis(1'790'000'001'250));
  event.log_size = 42;
  event.leaf.fill(7);
  outbox::v1::AuditEvent* what = event.event.mutable_event();
  what->set_event_id("evt_01h455vb4pex5vsknk084sn02q");
  *what->mutable_occurred_at() = ToTimestamp(absl::FromUnixMillis(1'790'000'000'125));
  what->set_service("vault");
  what->set_action("secret.create");
  what->mutable_actor()->set_kind("user");
  what->mutable_actor()->set_id("usr_ada");
  what->mutable_actor()->set_display("Ada");
  what->mutable_target()->set_kind("secret");
  what->mutable_target()->set_id("sec_x");
  what->mutable_target()->set_name("db/password");
  what->set_outcome(outbox::v1::OUTCOME_SUCCESS);
  what->set_request_id("req-1");
  what->set_source_address("192.0.2.1");
  what->set_user_agent("curl/8");
  (*what->mutable_attributes())["version"] = "2";
  return event;
}

// What somebody who chooses a name, an id or a user agent could send to those who read logs.
inline std::vector<std::string> HostileValues() {
  return {"line\nCEF:0|forged|x|1|a|b|1|",
          "cr\r\nlf<110>1 forged",
          "pipe|pipe\\|",
          "a=b suser=root outcome\\=",
          "quote\"]\\ [x@1 y=\"z\"]",
          "\\",
          "tab\there",
          std::string("nul\0after", 9),
          "\x01\x02\x1b[31mred\x7f",
          "bad utf-8 \xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 \xe2\x82",
          "sep\xe2\x80\xa8para\xe2\x80\xa9nel\xc2\x85",
          "rtl \xe2\x80\xae gnp.exe",
          "=cmd|' /C calc'!A0",
          "+1+1",
          "-2+3",
          "@SUM(A1)",
          "  =1+1",
          "\t=1+1",
          "\xef\xbc\x9d"
          "1+1",
          "'quoted",
          "\"},{\"forged\":true",
          "Zoë 東京 🔐",
          std::string(64 * 1024, '"'),
          std::string(64 * 1024, '\\'),
          std::string(64 * 1024, '='),
          std::string(64 * 1024, '\n')};
}

// With `value` wherever a value can be.
inline SentEvent EventOfValue(const std::string& value) {
  SentEvent event = PlainEvent();
  outbox::v1::AuditEvent* what = event.event.mutable_event();
  for (std::string* field :
       {what->mutable_action(), what->mutable_service(), what->mutable_actor()->mutable_kind(),
        what->mutable_actor()->mutable_id(), what->mutable_actor()->mutable_display(),
        what->mutable_target()->mutable_id(), what->mutable_target()->mutable_name(),
        what->mutable_reason(), what->mutable_request_id(), what->mutable_workload(),
        what->mutable_source_address(), what->mutable_user_agent()}) {
    *field = value;
  }
  what->mutable_target()->set_kind("user");
  (*what->mutable_attributes())["note"] = value;
  return event;
}

// Whether a reader of lines sees one line and no character that could do something to a terminal.
inline bool IsOneCleanLine(std::string_view line) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  for (const std::string_view bad : {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xc2\x85", "\xe2\x80\xae"}) {
    if (line.find(bad) != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace kasbah::audit
