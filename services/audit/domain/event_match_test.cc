#include "services/audit/domain/event_match.h"

#include <gtest/gtest.h>

namespace kasbah::audit {
namespace {

outbox::v1::AuditEvent Event() {
  outbox::v1::AuditEvent event;
  event.set_action("secret.create");
  event.mutable_actor()->set_id("usr_ada");
  event.mutable_target()->set_id("sec_x");
  event.set_outcome(outbox::v1::OUTCOME_DENIED);
  return event;
}

TEST(EventMatch, NothingAskedForLetsEverythingThrough) {
  EXPECT_TRUE(Matches(EventFilter(), Event()));
}

TEST(EventMatch, EachConditionCounts) {
  EventFilter filter;
  filter.actor_ids = {"usr_ada"};
  filter.actions = {"secret.create"};
  filter.target_id = "sec_x";
  filter.outcome = outbox::v1::OUTCOME_DENIED;
  EXPECT_TRUE(Matches(filter, Event()));
  outbox::v1::AuditEvent other = Event();
  other.mutable_actor()->set_id("usr_bob");
  EXPECT_FALSE(Matches(filter, other));
  other = Event();
  other.mutable_target()->set_id("sec_y");
  EXPECT_FALSE(Matches(filter, other));
  other = Event();
  other.set_outcome(outbox::v1::OUTCOME_SUCCESS);
  EXPECT_FALSE(Matches(filter, other));
  other = Event();
  other.set_action("secret.created");
  EXPECT_FALSE(Matches(filter, other));
}

TEST(EventMatch, APrefixEndsInADot) {
  EventFilter filter;
  filter.actions = {"secret."};
  EXPECT_TRUE(Matches(filter, Event()));
  outbox::v1::AuditEvent other = Event();
  other.set_action("secretive.create");
  EXPECT_FALSE(Matches(filter, other));
}

}  // namespace
}  // namespace kasbah::audit
