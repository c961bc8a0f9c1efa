#include "services/webhook/domain/message.h"

#include <gtest/gtest.h>

#include <limits>

#include "libs/testing/status_matchers.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::ReasonIs;

const TenantId kTenant = TenantId::New(absl::FromUnixSeconds(1));
const MessageId kId = MessageId::New(absl::FromUnixSeconds(1));

outbox::v1::ChangeEvent Event() {
  outbox::v1::ChangeEvent event;
  event.set_event_id(EventId::New(absl::FromUnixSeconds(5)).ToString());
  event.mutable_occurred_at()->set_seconds(1'790'000'000);
  event.mutable_occurred_at()->set_nanos(7'000'000);
  event.set_type("record.created");
  (*event.mutable_data()->mutable_fields())["name"].set_string_value("a \"quoted\" Ünit");
  event.set_resource_id("rec_x");
  event.set_sequence(3);
  event.set_traceparent("00-trace");
  event.set_request_id("req");
  return event;
}

absl::StatusOr<Message> Parse(const outbox::v1::ChangeEvent& event) {
  return ParseMessage(kTenant, kId, event.SerializeAsString());
}

TEST(Message, BodyIsTheStandardWebhooksShape) {
  const outbox::v1::ChangeEvent event = Event();
  ASSERT_OK_AND_ASSIGN(const Message message, Parse(event));
  EXPECT_EQ(message.body,
            "{\"type\":\"record.created\",\"timestamp\":\"2026-09-21T14:13:20.007Z\","
            "\"data\":{\"name\":\"a \\\"quoted\\\" Ünit\"},\"event_id\":\"" +
                event.event_id() + "\",\"resource_id\":\"rec_x\",\"sequence\":3}");
  EXPECT_EQ(message.type, "record.created");
  EXPECT_EQ(message.traceparent, "00-trace");
  EXPECT_EQ(message.request_id, "req");
  EXPECT_FALSE(message.customer.has_value());
}

TEST(Message, NamesItsCustomer) {
  outbox::v1::ChangeEvent event = Event();
  const CustomerId customer = CustomerId::New(absl::FromUnixSeconds(9));
  event.set_customer_id(customer.ToString());
  ASSERT_OK_AND_ASSIGN(const Message message, Parse(event));
  EXPECT_EQ(message.customer, customer);
  EXPECT_NE(message.body.find(customer.ToString()), std::string::npos);
}

TEST(Message, WhatIsNotUnderstoodHasAReasonForQuarantine) {
  EXPECT_THAT(ParseMessage(kTenant, kId, "\xff\xff"), ReasonIs("EVENT_MALFORMED"));
  EXPECT_THAT(ParseMessage(kTenant, kId, ""), ReasonIs("EVENT_ID_INVALID"));
  outbox::v1::ChangeEvent event = Event();
  event.set_type("created");
  EXPECT_THAT(Parse(event), ReasonIs("EVENT_TYPE_INVALID"));
  event = Event();
  event.set_customer_id("ten_x");
  EXPECT_THAT(Parse(event), ReasonIs("EVENT_CUSTOMER_INVALID"));
  event = Event();
  event.mutable_occurred_at()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_THAT(Parse(event), ReasonIs("EVENT_TIME_INVALID"));
  event = Event();
  (*event.mutable_data()->mutable_fields())["n"].set_string_value(std::string(kMaxBodyBytes, 'x'));
  EXPECT_THAT(Parse(event), ReasonIs("EVENT_TOO_LARGE"));
}

}  // namespace
}  // namespace kasbah::webhook
