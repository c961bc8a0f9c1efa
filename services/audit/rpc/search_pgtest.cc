#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/store/event_search.h"

namespace kasbah::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ReasonIs;

class SearchTest : public AuditServerTest {
 protected:
  using Found = std::vector<uint64_t>;

  static Found Sequences(const v1::ListEventsResponse& reply) {
    Found sequences;
    for (const v1::Event& event : reply.events()) sequences.push_back(event.sequence());
    return sequences;
  }
  Found Find(const std::function<void(v1::EventFilter&)>& set) {
    v1::ListEventsRequest request;
    set(*request.mutable_filter());
    const auto reply = List(a_, request);
    EXPECT_OK(reply);
    return reply.ok() ? Sequences(*reply) : Found();
  }
  // Every page, in the order they come; counts them.
  Found ListAll(v1::ListEventsRequest request, int* pages) {
    Found all;
    *pages = 0;
    do {
      const auto reply = List(a_, request);
      EXPECT_OK(reply);
      if (!reply.ok()) break;
      for (const uint64_t sequence : Sequences(*reply)) all.push_back(sequence);
      request.set_page_token(reply->next_page_token());
      ++*pages;
    } while (!request.page_token().empty());
    return all;
  }
  // The nodes that a plan names, as the service's role in the tenant's scope.
  std::string PlanOf(const std::string& query) {
    std::string plan;
    test_->Execute("ANALYZE audit.event");
    test_->Execute(StrCat(
        "CREATE OR REPLACE FUNCTION public.plan() RETURNS text LANGUAGE plpgsql AS $f$ DECLARE "
        "line text; whole text := ''; BEGIN PERFORM set_config('kasbah.tenant', '",
        a_.uuid().ToString(),
        "', true), set_config('kasbah.customer_scope', 'all', true); SET LOCAL ROLE kasbah_audit; "
        "FOR line IN EXPLAIN ",
        query,
        " LOOP whole := whole || line || E'\\n'; END LOOP; RESET ROLE; RETURN whole; "
        "END $f$"));
    return test_->QueryValue("SELECT public.plan()");
  }
  // A short log in which each filter finds something else.
  void LogSamples() {
    outbox::v1::AuditEvent denied = Event("secret.access", "usr_eve");
    denied.set_outcome(outbox::v1::OUTCOME_DENIED);
    denied.set_source_address("2001:db8::7");
    denied.set_request_id("r-denied");
    outbox::v1::AuditEvent record = Event("record.update", "usr_ada");
    record.mutable_target()->set_id("rec_y");
    record.set_request_id("0190163d-8694-739b-aea5-966c26f8ad91");
    Log({{a_, Event("secret.create", "usr_ada")}}, At(0));
    Log({{a_, Event("secret.access", "usr_ada")}}, At(1));
    Log({{a_, denied}}, At(2));
    Log({{a_, record}}, At(3));
    Log({{a_, Event("secrets", "usr_eve")}}, At(4));
  }
  static absl::Time At(int minute) {
    return absl::FromUnixSeconds(1'900'000'000) + absl::Minutes(minute);
  }
  static int64_t Seconds(int minute) { return absl::ToUnixSeconds(At(minute)); }
};

TEST_F(SearchTest, FindsByEachFilter) {
  LogSamples();
  EXPECT_THAT(Find([](auto& f) { f.add_actor_ids("usr_ada"); }), ElementsAre(3, 1, 0));
  EXPECT_THAT(Find([](auto& f) { f.add_actions("secret.access"); }), ElementsAre(2, 1));
  EXPECT_THAT(Find([](auto& f) { f.add_actions("secret."); }), ElementsAre(2, 1, 0));
  EXPECT_THAT(Find([](auto& f) { f.add_actions("nothing."); }), IsEmpty());
  EXPECT_THAT(Find([](auto& f) { f.set_target_id("rec_y"); }), ElementsAre(3));
  EXPECT_THAT(Find([](auto& f) { f.set_outcome(outbox::v1::OUTCOME_DENIED); }), ElementsAre(2));
  EXPECT_THAT(Find([](auto& f) { f.set_outcome(outbox::v1::OUTCOME_SUCCESS); }),
              ElementsAre(4, 3, 1, 0));
  EXPECT_THAT(Find([](auto& f) { f.set_source_address("2001:db8::7"); }), ElementsAre(2));
  EXPECT_THAT(Find([](auto& f) { f.set_source_address("192.0.2.1"); }), ElementsAre(4, 3, 1, 0));
  EXPECT_THAT(Find([](auto& f) { f.set_request_id("r-denied"); }), ElementsAre(2));
  EXPECT_THAT(Find([](auto& f) { f.set_request_id("0190163d-8694-739b-aea5-966c26f8ad91"); }),
              ElementsAre(3));
  EXPECT_THAT(Find([](auto& f) {
                f.mutable_start_time()->set_seconds(Seconds(1));
                f.mutable_end_time()->set_seconds(Seconds(3));
              }),
              ElementsAre(2, 1));
  EXPECT_THAT(Find([](auto& f) { f.mutable_start_time()->set_seconds(Seconds(9)); }), IsEmpty());
  EXPECT_THAT(Find([](auto& f) { f.mutable_end_time()->set_seconds(Seconds(0)); }), IsEmpty());
}

TEST_F(SearchTest, FindsByAnyCombination) {
  LogSamples();
  EXPECT_THAT(Find([](auto& f) {
                f.mutable_start_time()->set_seconds(Seconds(1));
                f.add_actions("secret.");
                f.add_actor_ids("usr_ada");
                f.set_target_id("sec_x");
                f.set_outcome(outbox::v1::OUTCOME_SUCCESS);
                f.set_source_address("192.0.2.1");
              }),
              ElementsAre(1));
  EXPECT_THAT(Find([](auto& f) {
                f.set_request_id("r-denied");
                f.add_actor_ids("usr_ada");
              }),
              IsEmpty());
  EXPECT_THAT(Find([](auto& f) {
                f.add_actions("secret.");
                f.set_outcome(outbox::v1::OUTCOME_SUCCESS);
              }),
              ElementsAre(1, 0));
  EXPECT_THAT(Find([](auto& f) {
                f.set_outcome(outbox::v1::OUTCOME_DENIED);
                f.add_actions("record.");
              }),
              IsEmpty());
}

TEST_F(SearchTest, SeveralActorsAndActionsComeInOneOrder) {
  LogSamples();
  EXPECT_THAT(Find([](auto& f) {
                f.add_actor_ids("usr_ada");
                f.add_actor_ids("usr_eve");
              }),
              ElementsAre(4, 3, 2, 1, 0));
  EXPECT_THAT(Find([](auto& f) {
                f.add_actions("secret.");
                f.add_actions("record.update");
                f.add_actions("secret.access");
              }),
              ElementsAre(3, 2, 1, 0));
}

TEST_F(SearchTest, OldestFirstIsTheSameTheOtherWayRound) {
  LogSamples();
  v1::ListEventsRequest request;
  request.set_order(v1::ORDER_OLDEST_FIRST);
  request.set_page_size(2);
  request.mutable_filter()->add_actor_ids("usr_ada");
  int pages = 0;
  EXPECT_THAT(ListAll(request, &pages), ElementsAre(0, 1, 3));
  EXPECT_EQ(pages, 2);
  // A token goes on in the order it was given for.
  ASSERT_OK_AND_ASSIGN(const v1::ListEventsResponse first, List(a_, request));
  request.set_page_token(first.next_page_token());
  request.set_order(v1::ORDER_UNSPECIFIED);
  EXPECT_THAT(List(a_, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(SearchTest, AnErasedAddressIsNoLongerFound) {
  LogSamples();
  Tamper(a_,
         "UPDATE audit.event SET source_address = NULL, source_address_salt = NULL "
         "WHERE tenant_id = $ AND seq = 2");
  EXPECT_THAT(Find([](auto& f) { f.set_source_address("2001:db8::7"); }), IsEmpty());
  EXPECT_THAT(Find([](auto& f) { f.set_request_id("r-denied"); }), ElementsAre(2));
}

TEST_F(SearchTest, RequestsThatShareAKeyAreToldApart) {
  LogSamples();
  Tamper(a_,
         "UPDATE audit.event SET request_key = (SELECT request_key FROM audit.event WHERE "
         "tenant_id = $ AND seq = 2) WHERE tenant_id = $");
  v1::ListEventsRequest request;
  request.mutable_filter()->set_request_id("r-denied");
  request.set_page_size(1);
  int pages = 0;
  EXPECT_THAT(ListAll(request, &pages), ElementsAre(2));
}

TEST_F(SearchTest, ASparseCombinationStopsAndGoesOnWhereItStopped) {
  // One page looks at so many events of the actor; the one that fulfils the rest comes after them.
  const int most = EventSearch::kMostScanned;
  outbox::v1::AuditEvent sought = Event();
  sought.set_outcome(outbox::v1::OUTCOME_DENIED);
  sought.mutable_actor()->set_id("usr_eve");
  sought.mutable_target()->set_id("rec_y");
  Log({{a_, sought}});
  Tamper(
      a_,
      StrCat("INSERT INTO audit.event (tenant_id, seq, recorded_at, action, actor_id, target_id, "
             "outcome, body) SELECT tenant_id, i, recorded_at, 'secret.create', 'usr_eve', "
             "'sec_x', 1, body FROM audit.event, generate_series(1, ",
             2 * most + 5, ") i WHERE tenant_id = $ AND seq = 0"));
  v1::ListEventsRequest request;
  request.mutable_filter()->add_actor_ids("usr_eve");
  request.mutable_filter()->add_actions("secret.create");
  request.mutable_filter()->set_source_address("192.0.2.1");
  int pages = 0;
  EXPECT_THAT(ListAll(request, &pages), ElementsAre(0));
  // The address has an index of its own and leads: found at once.
  EXPECT_EQ(pages, 1);
  request.mutable_filter()->clear_source_address();
  request.mutable_filter()->set_outcome(outbox::v1::OUTCOME_SUCCESS);
  request.mutable_filter()->clear_actions();
  request.mutable_filter()->add_actions("nothing.at.all");
  EXPECT_THAT(ListAll(request, &pages), IsEmpty());
  EXPECT_EQ(pages, 3);
  request.set_order(v1::ORDER_OLDEST_FIRST);
  EXPECT_THAT(ListAll(request, &pages), IsEmpty());
  EXPECT_EQ(pages, 3);
}

TEST_F(SearchTest, EveryFilterLeadsAnIndexUnderRowLevelSecurity) {
  Events events;
  for (int i = 0; i < 2000; ++i) {
    outbox::v1::AuditEvent event = Event(StrCat("action", i % 50, ".x"), StrCat("usr_", i % 50));
    event.mutable_target()->set_id(StrCat("sec_", i % 50));
    event.set_source_address(StrCat("192.0.2.", i % 50));
    event.set_request_id(StrCat("r-", i));
    if (i % 50 == 0) event.set_outcome(outbox::v1::OUTCOME_DENIED);
    events.push_back({i % 2 == 0 ? a_ : b_, event});
  }
  const absl::Time now = absl::Now();
  Log(events, now);
  Log(Repeat(a_, 2), now + absl::Seconds(1));
  const std::string start =
      StrCat("SELECT seq FROM audit.event WHERE tenant_id = '", a_.uuid().ToString(), "' AND ");
  for (const auto& [condition, index] : std::vector<std::pair<std::string, std::string>>{
           {"actor_id = 'usr_2'", "actor_id ="},
           {"action = 'action2.x'", "action ="},
           {"target_id = 'sec_2'", "target_id ="},
           {"source_address = '192.0.2.2'", "source_address ="},
           {"request_key = 17", "request_key ="},
           {"action >= 'action2.' AND action < 'action2/'", "action >="},
           {"outcome = 2 AND outcome <> 1", "outcome ="},
           {"seq >= 1990 AND seq < 2000", "seq >="},
           {StrCat("recorded_at >= '", absl::FormatTime(now + absl::Seconds(1)), "'"),
            "recorded_at >="}}) {
    const std::string plan = PlanOf(start + condition);
    const size_t at = plan.find("Index Cond: ");
    ASSERT_NE(at, std::string::npos) << plan;
    const std::string line = plan.substr(at, plan.find('\n', at) - at);
    EXPECT_NE(line.find("tenant_id ="), std::string::npos) << plan;
    EXPECT_NE(line.find(index), std::string::npos) << plan;
  }
}

TEST_F(SearchTest, PagesLoseNoEventOfTheSameMillisecond) {
  const absl::Time now = absl::Now();
  for (int i = 0; i < 5; ++i) Log(Repeat(a_, 9), now);
  v1::ListEventsRequest request;
  request.set_page_size(7);
  request.mutable_filter()->add_actor_ids("usr_ada");
  for (const v1::Order order : {v1::ORDER_UNSPECIFIED, v1::ORDER_OLDEST_FIRST}) {
    request.set_order(order);
    int pages = 0;
    const Found all = ListAll(request, &pages);
    EXPECT_EQ(all.size(), 45u);
    EXPECT_EQ(std::set<uint64_t>(all.begin(), all.end()).size(), 45u);
    EXPECT_EQ(pages, 7);
  }
}

}  // namespace
}  // namespace kasbah::audit
