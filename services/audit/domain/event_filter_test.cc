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
  proto.add_actor_ids("usr_\"x\"");
  proto.add_actions("secret.");
  proto.add_actions("record.update");
  proto.add_actions("secret.");
  proto.set_outcome(outbox::v1::OUTCOME_DENIED);
  proto.set_source_address("2001:db8::1");
  proto.set_request_id("r-1");
  ASSERT_OK_AND_ASSIGN(const EventFilter filter, EventFilter::FromProto(proto));
  EXPECT_EQ(
      filter.ToJson(),
      R"({"start_time":"1970-01-01T00:00:00.000000Z","end_time":"1970-01-01T00:00:01.000000Z",)"
      R"("actor_ids":["usr_\"x\""],"actions":["record.update","secret."],)"
      R"("outcome":"OUTCOME_DENIED","source_address":"2001:db8::1","request_id":"r-1"})");
  EXPECT_EQ(filter.Names(), "time,actor,action,outcome,source,request");
}

TEST(EventFilterTest, APrefixEndsBeforeTheNextText) {
  EXPECT_LT(std::string("secret.zzz\xff"), PrefixEnd("secret."));
  EXPECT_GE(std::string("secret/"), PrefixEnd("secret."));
}

TEST(EventFilterTest, PrefixesAndWholeActionsAreToldApart) {
  v1::EventFilter proto;
  for (const char* action : {"secret.", "record.update", "app."}) proto.add_actions(action);
  ASSERT_OK_AND_ASSIGN(const EventFilter filter, EventFilter::FromProto(proto));
  EXPECT_EQ(filter.ExactActions(), std::vector<std::string>{"record.update"});
  EXPECT_EQ(filter.ActionPrefixes(), (std::vector<std::string>{"app.", "secret."}));
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
  proto.Clear();
  proto.add_actor_ids("");
  EXPECT_THAT(EventFilter::FromProto(proto), ReasonIs("INVALID_FIELDS"));
  proto.Clear();
  proto.set_request_id(std::string("a\0b", 3));
  EXPECT_THAT(EventFilter::FromProto(proto), ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::audit
