#include "services/audit/domain/event_filter.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

TEST(EventFilterTest, AnEmptyFilterIsTheWholeLog) {
  ASSERT_OK_AND_ASSIGN(const EventFilter filter, EventFilter::FromProto({}));
  EXPECT_EQ(filter.ToJson(), "{}");
  EXPECT_EQ(filter.Names(), "");
}

TEST(EventFilterTest, IsStatedInOneSpelling) {
  v1::EventFilter proto;
  proto.mutable_start_time()->set_seconds(0);
  proto.mutable_end_time()->set_seconds(1);
  proto.set_actor_id("usr_\"x\"");
  proto.set_action("secret.");
  proto.set_outcome(outbox::v1::OUTCOME_DENIED);
  ASSERT_OK_AND_ASSIGN(const EventFilter filter, EventFilter::FromProto(proto));
  EXPECT_EQ(
      filter.ToJson(),
      R"({"start_time":"1970-01-01T00:00:00.000000Z","end_time":"1970-01-01T00:00:01.000000Z",)"
      R"("actor_id":"usr_\"x\"","action":"secret.","outcome":"OUTCOME_DENIED"})");
  EXPECT_EQ(filter.Names(), "time,actor,action,outcome");
}

TEST(EventFilterTest, APrefixEndsBeforeTheNextText) {
  v1::EventFilter proto;
  proto.set_action("secret.");
  ASSERT_OK_AND_ASSIGN(const EventFilter filter, EventFilter::FromProto(proto));
  EXPECT_TRUE(filter.has_action_prefix());
  EXPECT_LT(std::string("secret.zzz\xff"), filter.ActionPrefixEnd());
  EXPECT_GE(std::string("secret/"), filter.ActionPrefixEnd());
}

TEST(EventFilterTest, WhatCannotBeIsRefused) {
  v1::EventFilter proto;
  proto.mutable_start_time()->set_seconds(2);
  proto.mutable_end_time()->set_seconds(2);
  EXPECT_THAT(EventFilter::FromProto(proto), ReasonIs("INVALID_FIELDS"));
  proto.mutable_end_time()->set_seconds(1'000'000'000'000);
  EXPECT_THAT(EventFilter::FromProto(proto), ReasonIs("INVALID_FIELDS"));
  proto.Clear();
  proto.set_outcome(static_cast<outbox::v1::Outcome>(9));
  EXPECT_THAT(EventFilter::FromProto(proto), ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::audit
