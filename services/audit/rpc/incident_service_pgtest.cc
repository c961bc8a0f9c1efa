#include <gtest/gtest.h>

#include <map>

#include "libs/telemetry/metrics.h"
#include "services/audit/incidents/incident_search.h"
#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/rpc/incident_service.h"

namespace kasbah::audit {
namespace {

using IncidentStub = v1::IncidentService::Stub;
using testing::ReasonIs;
using testing::StatusIs;

class IncidentTest : public AuditServerTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    ASSERT_OK_AND_ASSIGN(incidents_door_,
                         postgres::Door::Open(test_->Pool("kasbah_audit_incidents"),
                                              postgres::DoorToken::AuditIncidents(),
                                              absl::Now() + absl::Seconds(20)));
    registry_ = std::make_unique<IncidentRegistry>(*incidents_door_, outbox_, Clock::Real());
    CreateServer({v1::Incident::descriptor()->file()});
    incidents_ = std::make_unique<IncidentService>(server_->pipeline(), *registry_, Clock::Real());
    Serve({incidents_.get()});
  }
  void TearDown() override { StopServer(); }

  template <typename Method, typename Request>
  auto Do(Method method, const Request& request) {
    return As(TenantId(), method, request);
  }
  // Of the last hour.
  static v1::OpenIncidentRequest Opening() {
    v1::OpenIncidentRequest request;
    request.set_title("a laptop was stolen");
    request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(absl::Now() - absl::Hours(1)));
    request.mutable_end_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
    request.mutable_pattern()->set_source_address("203.0.113.9");
    return request;
  }
  v1::Incident Open(const v1::OpenIncidentRequest& request = Opening()) {
    const auto reply = Do(&IncidentStub::OpenIncident, request);
    EXPECT_OK(reply);
    return reply.value_or(v1::Incident());
  }
  v1::GetIncidentResponse Get(const std::string& id) {
    v1::GetIncidentRequest request;
    request.set_incident_id(id);
    const auto reply = Do(&IncidentStub::GetIncident, request);
    EXPECT_OK(reply);
    return reply.value_or(v1::GetIncidentResponse());
  }
  std::vector<v1::AffectedTenant> Affected(const std::string& id) {
    v1::ListAffectedTenantsRequest request;
    request.set_incident_id(id);
    const auto reply = Do(&IncidentStub::ListAffectedTenants, request);
    EXPECT_OK(reply);
    if (!reply.ok()) return {};
    return {reply->tenants().begin(), reply->tenants().end()};
  }
  absl::StatusOr<v1::Incident> Notify(const std::string& id) {
    v1::NotifyTenantsRequest request;
    request.set_incident_id(id);
    request.set_message("Somebody read secrets of yours.");
    return Do(&IncidentStub::NotifyTenants, request);
  }
  std::unique_ptr<IncidentSearch> NewSearch(uint64_t page = 50'000) {
    return std::make_unique<IncidentSearch>(IncidentSearch::Options{.page = page}, *incidents_door_,
                                            outbox_, Clock::Real());
  }
  static outbox::v1::AuditEvent From(const std::string& address, const std::string& actor) {
    outbox::v1::AuditEvent event = Event("secret.read", actor);
    event.set_source_address(address);
    return event;
  }
  std::string Outbox(TenantId tenant, const std::string& topic, const std::string& text) {
    return test_->QueryValue(StrCat("SELECT count(*) FROM audit.outbox WHERE tenant_id = '",
                                    tenant.uuid().ToString(), "' AND topic = '", topic,
                                    "' AND position('", text, "'::bytea IN payload) > 0"));
  }

  std::unique_ptr<postgres::Door> incidents_door_;
  std::unique_ptr<IncidentRegistry> registry_;
  std::unique_ptr<IncidentService> incidents_;
};

TEST_F(IncidentTest, FindsWhoIsAffectedWithCountsAndTimes) {
  const absl::Time first = absl::Now() - absl::Minutes(30);
  Log({{a_, From("203.0.113.9", "usr_x")}, {a_, Event()}}, first);
  Log({{a_, From("203.0.113.9", "usr_y")}}, first + absl::Minutes(5));
  Log({{b_, Event()}});
  // Before the time that is asked for.
  const TenantId c = test_->CreateTenant("c");
  Log({{c, From("203.0.113.9", "usr_x")}}, absl::Now() - absl::Hours(2));
  const v1::Incident incident = Open();
  EXPECT_EQ(incident.state(), v1::Incident::STATE_SEARCHING);
  ASSERT_OK(NewSearch()->RunOnce());

  const v1::GetIncidentResponse found = Get(incident.incident_id());
  EXPECT_EQ(found.incident().state(), v1::Incident::STATE_SEARCHED);
  EXPECT_EQ(found.incident().affected_tenants(), 1u);
  EXPECT_EQ(found.incident().events(), 2u);
  const std::vector<v1::AffectedTenant> tenants = Affected(incident.incident_id());
  ASSERT_EQ(tenants.size(), 1u);
  EXPECT_EQ(tenants[0].tenant_id(), a_.ToString());
  EXPECT_EQ(tenants[0].first_time().seconds(), absl::ToUnixSeconds(first));
  EXPECT_EQ(tenants[0].last_time().seconds(), absl::ToUnixSeconds(first + absl::Minutes(5)));
}

TEST_F(IncidentTest, FindsByActorAndByKey) {
  Log({{a_, Event("secret.read", "key_1")}, {b_, Event("key.rotate", "usr_b")}});
  v1::OpenIncidentRequest request = Opening();
  request.mutable_pattern()->clear_source_address();
  request.mutable_pattern()->set_key_id("key_1");
  const v1::Incident of_key = Open(request);
  request.mutable_pattern()->clear_key_id();
  request.mutable_pattern()->set_actor_id("usr_b");
  const v1::Incident of_actor = Open(request);
  ASSERT_OK(NewSearch()->RunOnce());
  ASSERT_EQ(Affected(of_key.incident_id()).size(), 1u);
  EXPECT_EQ(Affected(of_key.incident_id())[0].tenant_id(), a_.ToString());
  ASSERT_EQ(Affected(of_actor.incident_id()).size(), 1u);
  EXPECT_EQ(Affected(of_actor.incident_id())[0].tenant_id(), b_.ToString());
}

// Each step by a process of its own, as if the last one had been killed.
TEST_F(IncidentTest, ASearchGoesOnWhereItWasLeft) {
  Events events = Repeat(a_, 25);
  for (auto& [tenant, event] : events) event.set_source_address("203.0.113.9");
  Log(events);
  Log({{b_, From("203.0.113.9", "usr_x")}});
  const v1::Incident incident = Open();
  int steps = 0;
  for (bool more = true; more; ++steps) {
    ASSERT_OK_AND_ASSIGN(more, NewSearch(10)->Step());
  }
  EXPECT_GE(steps, 5);
  const v1::GetIncidentResponse found = Get(incident.incident_id());
  EXPECT_EQ(found.incident().events(), 26u);
  EXPECT_EQ(found.incident().affected_tenants(), 2u);
}

TEST_F(IncidentTest, OwnersAreToldOnceWithAnEventOfTheirTrail) {
  Log({{a_, From("203.0.113.9", "usr_x")}, {b_, From("203.0.113.9", "usr_y")}});
  const TenantId untouched = test_->CreateTenant("c");
  Log({{untouched, Event()}});
  test_->SetTenantState(b_, "suspended");
  const v1::Incident incident = Open();
  ASSERT_OK(NewSearch()->RunOnce());
  EXPECT_EQ(Outbox(a_, "change", "security.incident"), "0");
  ASSERT_OK(Notify(incident.incident_id()));
  ASSERT_OK(NewSearch()->RunOnce());
  ASSERT_OK(NewSearch()->RunOnce());
  for (const TenantId tenant : {a_, b_}) {
    EXPECT_EQ(Outbox(tenant, "change", "security.incident"), "1");
    EXPECT_EQ(Outbox(tenant, "change", "Somebody read secrets of yours."), "1");
    EXPECT_EQ(Outbox(tenant, "audit", "incident.notify"), "1");
    // The operators' own words stay with them.
    EXPECT_EQ(Outbox(tenant, "change", "laptop"), "0");
  }
  EXPECT_EQ(Outbox(untouched, "change", "security.incident"), "0");
  const v1::GetIncidentResponse told = Get(incident.incident_id());
  EXPECT_EQ(told.incident().state(), v1::Incident::STATE_NOTIFIED);
  for (const v1::AffectedTenant& tenant : Affected(incident.incident_id())) {
    EXPECT_TRUE(tenant.has_told_time());
  }
}

TEST_F(IncidentTest, EachStepIsAnEventOfTheInstallationAndAnEntryOfTheRecord) {
  const v1::Incident incident = Open();
  ASSERT_OK(NewSearch()->RunOnce());
  ASSERT_OK(Notify(incident.incident_id()));
  ASSERT_OK(NewSearch()->RunOnce());
  v1::AddIncidentEntryRequest entry;
  entry.set_incident_id(incident.incident_id());
  entry.set_kind(v1::IncidentEntry::KIND_DECISION);
  entry.set_text("no risk to persons");
  ASSERT_OK(Do(&IncidentStub::AddIncidentEntry, entry));
  v1::CloseIncidentRequest close;
  close.set_incident_id(incident.incident_id());
  close.set_reason("the laptop was found, its disk sealed");
  ASSERT_OK_AND_ASSIGN(const v1::Incident closed, Do(&IncidentStub::CloseIncident, close));
  EXPECT_EQ(closed.state(), v1::Incident::STATE_CLOSED);
  for (const char* action : {"incident.open", "incident.searched", "incident.notify_tenants",
                             "incident.notified", "incident.add_entry", "incident.close"}) {
    EXPECT_EQ(Outbox(kSystemTenant, "audit", action), "1") << action;
  }
  const v1::GetIncidentResponse record = Get(incident.incident_id());
  ASSERT_EQ(record.entries_size(), 6);
  EXPECT_EQ(record.entries(4).kind(), v1::IncidentEntry::KIND_DECISION);
  EXPECT_EQ(record.entries(4).text(), "no risk to persons");
  EXPECT_EQ(record.entries(4).made_by(), "operator/grace");
  EXPECT_THAT(Do(&IncidentStub::AddIncidentEntry, entry), ReasonIs("INCIDENT_CLOSED"));
}

TEST_F(IncidentTest, TheClockRunsFromDetectionUntilTheAuthorityIsNotified) {
  v1::OpenIncidentRequest request = Opening();
  const absl::Time detected = absl::Now() - absl::Hours(61);
  request.mutable_detected_time()->set_seconds(absl::ToUnixSeconds(detected));
  const v1::Incident incident = Open(request);
  EXPECT_EQ(incident.due_time().seconds() - incident.detected_time().seconds(), 72 * 3600);
  ASSERT_OK(NewSearch()->RunOnce());
  telemetry::Gauge& due_soon = telemetry::GetGauge("kasbah_audit_incidents_due_soon", "");
  EXPECT_EQ(due_soon.value(), 1);

  v1::AddIncidentEntryRequest entry;
  entry.set_incident_id(incident.incident_id());
  entry.set_kind(v1::IncidentEntry::KIND_AUTHORITY_NOTIFIED);
  entry.set_text("reference 2026/118");
  ASSERT_OK(Do(&IncidentStub::AddIncidentEntry, entry));
  ASSERT_OK(NewSearch()->RunOnce());
  EXPECT_EQ(due_soon.value(), 0);
  EXPECT_TRUE(Get(incident.incident_id()).incident().has_authority_time());
}

TEST_F(IncidentTest, APatternThatMatchesEverythingIsRefused) {
  v1::OpenIncidentRequest request = Opening();
  request.mutable_pattern()->clear_source_address();
  EXPECT_THAT(Do(&IncidentStub::OpenIncident, request), ReasonIs("INVALID_FIELDS"));
  request = Opening();
  request.mutable_detected_time()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 60);
  EXPECT_THAT(Do(&IncidentStub::OpenIncident, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(IncidentTest, NoTenantAndNoOtherRoleSeesIncidents) {
  Open();
  EXPECT_THAT(AsUser(a_, &IncidentStub::ListIncidents, v1::ListIncidentsRequest()),
              StatusIs(absl::StatusCode::kPermissionDenied));
  for (const char* role : {"kasbah_audit", "kasbah_audit_ingest", "kasbah_audit_upkeep"}) {
    EXPECT_EQ(test_->QueryValue(
                  StrCat("SELECT has_table_privilege('", role, "', 'audit.incident', 'SELECT')")),
              "f");
  }
  // The door sees what it searches by and no body, name or program.
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) "
                              "FROM pg_attribute a WHERE a.attrelid = 'audit.event'::regclass AND "
                              "a.attnum > 0 AND has_column_privilege('kasbah_audit_incidents', "
                              "a.attrelid, a.attnum, 'SELECT')"),
            "tenant_id seq recorded_at actor_id target_id source_address");
}

}  // namespace
}  // namespace kasbah::audit
