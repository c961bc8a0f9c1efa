#include "cli/commands/audit_display.h"

#include <gtest/gtest.h>

namespace kasbah::cli {
namespace {

TEST(AuditDisplay, ALineEndsWithItsLastWord) {
  audit::v1::Event event;
  event.set_sequence(19);
  event.mutable_event()->set_action("key.rotate");
  event.mutable_event()->set_outcome(outbox::v1::OUTCOME_DENIED);
  event.mutable_event()->set_reason("PEER_NOT_ALLOWED");
  event.mutable_event()->mutable_actor()->set_kind("operator");
  event.mutable_event()->mutable_actor()->set_id("operator/ada");
  EXPECT_EQ(LineOf(event), "19  -  key.rotate  denied PEER_NOT_ALLOWED  operator operator/ada");
  event.mutable_event()->mutable_target()->set_id("kmk_1");
  EXPECT_EQ(LineOf(event),
            "19  -  key.rotate  denied PEER_NOT_ALLOWED  operator operator/ada  kmk_1");
}

TEST(AuditDisplay, WhatWasNotKeptOfAnEventIsNamed) {
  audit::v1::AppendEventsResponse reply;
  auto* first = reply.add_events();
  first->set_client_event_id("inv-7-paid");
  first->add_stripped("attributes.card");
  first->add_stripped("attributes.password");
  auto* second = reply.add_events();
  second->set_client_event_id("inv-8-paid");
  second->set_repeated(true);
  EXPECT_EQ(DescribeAppended(reply),
            "1 events logged, 1 were there before\n"
            "not kept of inv-7-paid: attributes.card, attributes.password\n");
}

}  // namespace
}  // namespace kasbah::cli
