#include "services/webhook/domain/event_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kasbah::webhook {
namespace {

using ::testing::ElementsAre;

TEST(EventFilter, KnowsTypesAndFilters) {
  for (const char* type : {"record.created", "record.field_2.changed"}) {
    EXPECT_TRUE(IsEventType(type)) << type;
    EXPECT_TRUE(IsEventFilter(type)) << type;
  }
  for (const char* filter : {"record.*", "record.field.*"}) {
    EXPECT_FALSE(IsEventType(filter)) << filter;
    EXPECT_TRUE(IsEventFilter(filter)) << filter;
  }
  for (const char* bad : {"", "*", ".*", "record", "record.", ".created", "record..created",
                          "Record.created", "record.*.created", "record*", "re cord.created"}) {
    EXPECT_FALSE(IsEventType(bad)) << bad;
    EXPECT_FALSE(IsEventFilter(bad)) << bad;
  }
  EXPECT_FALSE(IsEventType("a." + std::string(100, 'b')));
}

TEST(EventFilter, AnEventPassesItselfAndItsWildcards) {
  EXPECT_THAT(FiltersPassedBy("record.created"), ElementsAre("record.created", "record.*"));
  EXPECT_THAT(FiltersPassedBy("record.field.changed"),
              ElementsAre("record.field.changed", "record.field.*", "record.*"));
}

}  // namespace
}  // namespace kasbah::webhook
