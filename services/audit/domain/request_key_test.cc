#include "services/audit/domain/request_key.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "libs/base/uuid.h"
#include "services/audit/domain/event_body.h"

namespace kasbah::audit {
namespace {

TEST(RequestKeyTest, FollowsTheTimeOfUuids) {
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  const int64_t earlier = RequestKeyOf(Uuid::V7(now).ToString());
  const int64_t later = RequestKeyOf(Uuid::V7(now + absl::Seconds(1)).ToString());
  EXPECT_LT(earlier, later);
  // A second of 48 bits of milliseconds, at the head of 64.
  EXPECT_LT(later - earlier, int64_t{1002} << 16);
}

TEST(RequestKeyTest, IsAHashOfWhateverElseAnIdIs) {
  EXPECT_EQ(RequestKeyOf("r-7"), RequestKeyOf("r-7"));
  EXPECT_NE(RequestKeyOf("r-7"), RequestKeyOf("r-8"));
}

TEST(RequestKeyTest, ABodyNamesItsRequestAndNoAttributeImitatesIt) {
  outbox::v1::AuditEvent event;
  event.set_event_id("evt_x");
  event.set_request_id("a\"b");
  (*event.mutable_attributes())["note"] = ",\"request_id\":\"r-9\"";
  (*event.mutable_attributes())["request_id"] = "r-10";
  const std::string body = CanonicalBody(event);
  EXPECT_TRUE(BodyHasRequest(body, "a\"b"));
  EXPECT_FALSE(BodyHasRequest(body, "r-9"));
  EXPECT_FALSE(BodyHasRequest(body, "r-10"));
  EXPECT_FALSE(BodyHasRequest(body, "a"));
}

}  // namespace
}  // namespace kasbah::audit
