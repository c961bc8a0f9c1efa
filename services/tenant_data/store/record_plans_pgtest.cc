#include "services/tenant_data/store/explained_fixture.h"
#include "services/tenant_data/store/record_list.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// More than the page's rows, which the window around it sorts by their numbers.
constexpr char kSorted[] = "Sort Key: [^w]";

// A plan is made once, of whatever the tables hold then, and knows no values; and under row-level
// security a condition must be leakproof to be an index condition. So each way to a page has one
// plan alone, in a database that is empty, one tenant's, or a thousand's.
class RecordPlansTest : public TenantDataTest {
 protected:
  Listing Of(const std::string& filter, const std::string& order = "") {
    return {rules_a_->collection_id(), *ParseFilter(*rules_a_, filter),
            *ParseOrder(*rules_a_, order)};
  }

  // Of each tenant in `tenants`, rows of (id, ids of its fields), so many entries of each field.
  void AddEntries(const std::string& tenants, int count) {
    constexpr const char* kValues[] = {"v_text) SELECT t.id, gen_random_uuid(), t.ids[1], 'n' || n",
                                       "v_int) SELECT t.id, gen_random_uuid(), t.ids[2], n",
                                       "v_blind) SELECT t.id, gen_random_uuid(), t.ids[3], "
                                       "sha256(n::text::bytea)"};
    for (const char* value : kValues) {
      test_->Execute(
          absl::StrCat("INSERT INTO tenant_data.record_index (tenant_id, record_id, field_id, ",
                       value, " FROM (", tenants, ") t, generate_series(1, ", count, ") n"));
    }
  }
  void AddEntriesOfA(int count) {
    const auto field = [this](const char* key) {
      return absl::StrCat("'", rules_a_->Find(key)->definition.id.uuid().ToString(), "'::uuid");
    };
    AddEntries(
        absl::StrCat("SELECT '", a_.uuid().ToString(), "'::uuid AS id, ARRAY[", field("name"), ", ",
                     field("population"), ", ", field("passport"), "] AS ids"),
        count);
  }
  // PostgreSQL's plan, as the service's role and under its policies.
  std::string Explain(const postgres::ComposedQuery& query);
  void Reconnect();

  void Analyze() { test_->Execute("ANALYZE tenant_data.record_index, tenant_data.records"); }

  std::string PlanOf(const Listing& listing, const Source& source, const Cursor& after = {}) {
    const std::string plan =
        Explain(PageQuery(Call(a_), listing, source, {after, std::nullopt, 10'000}, 50));
    EXPECT_THAT(plan, Not(ContainsRegex("Seq Scan|Hash Join|Merge Join|Bitmap|Memoize")));
    EXPECT_THAT(plan, ContainsRegex("using records_pkey on records[^)]*[)]\n *Index Cond: "
                                    "[(][(]tenant_id = [$][0-9]+[)] AND [(]record_id = "));
    // What the settings are is asked for once, not with each of hundreds of entries.
    EXPECT_THAT(plan, Not(ContainsRegex(" on record_index[^\n]*\n[^\n]*\n[^\n]*current_setting")));
    return plan;
  }
  // Either, as long as pages were not vacuumed.
  static constexpr char kByRecord[] = "record_index_(of_record|pkey)";

  // By that index, under that condition.
  static auto Uses(const std::string& index, const std::string& condition) {
    return ContainsRegex(
        absl::StrCat("using ", index, " on [^\n]*\n *Index Cond: [^\n]*", condition));
  }

  void ExpectEachAsMeant() {
    Cursor after;
    after.record = RecordId::New(absl::Now());
    after.value.integer = 7;
    const Listing by_population = Of("population > 1 AND name = \"x\"", "population desc");
    const std::string walk = PlanOf(by_population, Source(), after);
    EXPECT_THAT(walk, Uses("record_index_int", "[(]v_int > [$]"));
    EXPECT_THAT(walk, Uses("record_index_int", "[(]ROW[(]v_int, record_id[)] < ROW[(][$]"));
    EXPECT_THAT(walk, Uses(kByRecord, "[(]record_id = i.record_id[)]"));
    EXPECT_THAT(walk, Not(ContainsRegex(kSorted)));

    const std::string sorted =
        PlanOf(by_population, {Source::Kind::kGather, CandidatesOf(by_population)[0]});
    EXPECT_THAT(sorted, Uses("record_index_text", "[(]v_text = [$]"));
    EXPECT_THAT(sorted, Uses(kByRecord, "[(]record_id = f.record_id[)]"));

    const std::string among =
        PlanOf(by_population, {Source::Kind::kWalkAmong, CandidatesOf(by_population)[0]}, after);
    EXPECT_THAT(among, Uses("record_index_int", "[(]v_int > [$]"));
    EXPECT_THAT(among, Uses("record_index_text", "[(]v_text = [$]"));
    EXPECT_THAT(among, HasSubstr("Filter: ((hashed SubPlan "));
    // And what is looked up is of those among them alone.
    const Listing more = Of("NOT name = \"y\" AND name = \"x\"", "population");
    EXPECT_THAT(PlanOf(more, {Source::Kind::kWalkAmong, CandidatesOf(more)[0]}),
                ContainsRegex("Filter: [(][(][(]hashed SubPlan [0-9]+[)] IS TRUE[)] AND [(]"));
    EXPECT_THAT(among, Not(ContainsRegex(kSorted)));

    // By the index of both fields: as by one, and nothing is looked up.
    Listing both = by_population;
    both.order.paired = {rules_a_->Find("name")->definition.id};
    const std::string paired = PlanOf(ThroughPair(both), Source(), after);
    EXPECT_THAT(paired, Uses("record_index_int", "[(]v_int > [$]"));
    EXPECT_THAT(paired, Uses("record_index_int", "[(]ROW[(]v_int, record_id[)] < ROW[(][$]"));
    EXPECT_THAT(paired, Not(ContainsRegex("record_index_(text|of_record|pkey)")));
    EXPECT_THAT(paired, Not(ContainsRegex(kSorted)));

    const Listing by_age = Of("name = \"x*\" AND population < 20");
    const auto candidates = CandidatesOf(by_age);
    EXPECT_THAT(PlanOf(by_age, {Source::Kind::kGather, candidates[0]}, after),
                Uses("record_index_text", "[(]v_text >= [$][0-9]+[)] AND [(]v_text < [$]"));
    EXPECT_THAT(PlanOf(by_age, {Source::Kind::kGather, candidates[1]}, after),
                Uses("record_index_int", "[(]v_int < [$]"));
    const std::string probe = Explain(ProbeQuery(Call(a_), by_age, candidates, kFewGathered));
    EXPECT_THAT(probe, Uses("record_index_text", "[(]v_text < [$]"));
    EXPECT_THAT(probe, Uses("record_index_int", "[(]v_int < [$]"));

    const std::string field = PlanOf(by_age, WalkOf(by_age, candidates), after);
    EXPECT_THAT(field, Uses("record_index_of_field", "[(]record_id > [$]"));
    EXPECT_THAT(field, Uses(kByRecord, "[(]record_id = i.record_id[)]"));
    EXPECT_THAT(field, Not(ContainsRegex(kSorted)));

    const Listing equal = Of("name = \"x\"");
    const std::string of_value = PlanOf(equal, WalkOf(equal, CandidatesOf(equal)), after);
    EXPECT_THAT(of_value, Uses("record_index_text", "[(]v_text = [$]"));
    EXPECT_THAT(of_value, Not(ContainsRegex(kSorted)));

    Listing sealed = Of("passport = \"P\"");
    SealedComparisons(&sealed.filter)[0]->blind = {"one"};
    const std::string blind = PlanOf(sealed, WalkOf(sealed, CandidatesOf(sealed)), after);
    EXPECT_THAT(blind, Uses("record_index_blind", "[(]v_blind = [$]"));
    EXPECT_THAT(blind, Not(ContainsRegex(kSorted)));
    SealedComparisons(&sealed.filter)[0]->blind = {"one", "two"};
    EXPECT_THAT(PlanOf(sealed, {Source::Kind::kGather, CandidatesOf(sealed)[0]}),
                Uses("record_index_blind", "[(]v_blind = [$]"));
    sealed.order = *ParseOrder(*rules_a_, "population");
    const std::string versions =
        PlanOf(sealed, {Source::Kind::kWalkAmong, CandidatesOf(sealed)[0]});
    EXPECT_THAT(versions, Uses("record_index_blind", "[(]v_blind = [$]"));
    EXPECT_THAT(versions, HasSubstr("Filter: ((hashed SubPlan "));
  }
};

TEST_F(RecordPlansTest, OfTablesThatAreEmpty) {
  ExpectEachAsMeant();
  Analyze();
  ExpectEachAsMeant();
}

TEST_F(RecordPlansTest, OfATenantAlone) {
  AddEntriesOfA(5000);
  Analyze();
  ExpectEachAsMeant();
}

TEST_F(RecordPlansTest, OfATenantAmongManyWithFewEntries) {
  AddEntriesOfA(5000);
  test_->Execute(
      "CREATE TABLE public.tenants AS SELECT gen_random_uuid() AS id, "
      "ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()] AS ids "
      "FROM generate_series(1, 1000)");
  AddEntries("SELECT id, ids FROM public.tenants", 5);
  Analyze();
  ExpectEachAsMeant();
}

TEST_F(RecordPlansTest, OfAServerThatGivesLittleMemory) {
  AddEntriesOfA(40'000);
  Analyze();
  for (const char* setting : {"work_mem = ''64kB''", "hash_mem_multiplier = 1"}) {
    test_->Execute(absl::StrCat(
        "DO $$ BEGIN EXECUTE format('ALTER ROLE kasbah_tenant_data IN DATABASE %I SET ", setting,
        "', current_database()); END $$"));
  }
  Reconnect();
  const Listing listing = Of("name > \"a\"", "population");
  EXPECT_THAT(PlanOf(listing, {Source::Kind::kWalkAmong, CandidatesOf(listing)[0]}),
              HasSubstr("Filter: ((hashed SubPlan "));
}

TEST_F(RecordPlansTest, ACustomersRecordsAreAnIndexConditionUnderRowLevelSecurity) {
  const CustomerId customer = MakeCustomer(a_, "one");
  test_->Execute(absl::StrCat(
      "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, customer_id, "
      "schema_version, version, data, created_at, updated_at) SELECT '",
      a_.uuid().ToString(), "', gen_random_uuid(), '", rules_a_->collection_id().uuid().ToString(),
      "', CASE WHEN n % 50 = 0 THEN '", customer.uuid().ToString(),
      "' ELSE gen_random_uuid() END, 1, 1, '{}', now(), now() FROM generate_series(1, 5000) n"));
  test_->Execute("ANALYZE tenant_data.records");
  Listing listing = Of("", "population");
  listing.customer = customer;
  const std::string gather = PlanOf(listing, SourceOfSmallCustomer(listing), Cursor());
  EXPECT_THAT(gather, HasSubstr("records_of_customer"));
  EXPECT_THAT(gather, ContainsRegex("Index Cond: .*[(]customer_id = [$]"));
  listing.order = Order();
  const std::string walk = PlanOf(listing, Source(), Cursor());
  EXPECT_THAT(walk, HasSubstr("records_of_customer"));
  EXPECT_THAT(walk, ContainsRegex("Index Cond: .*[(]customer_id = [$]"));
  EXPECT_THAT(walk, Not(ContainsRegex(kSorted)));
}

std::string RecordPlansTest::Explain(const postgres::ComposedQuery& query) {
  const std::string prepare = PrepareAs("shown", query);
  const std::string explain = "EXPLAIN " + ExecuteAs("shown", query);
  const CallContext call = Call(a_);
  const postgres::Statement prepare_statement{"test.prepare", prepare};
  const postgres::Statement explain_statement{"test.explain", explain};
  const auto plan = database_->WithTenant(call, [&](postgres::Transaction& tx) {
    tx.Run(postgres::kPlanComposed);
    tx.Run(prepare_statement);
    return tx.Run(explain_statement);
  });
  EXPECT_OK(plan);
  std::string text;
  for (const postgres::Row& row : *plan) absl::StrAppend(&text, row.Get<std::string>(0), "\n");
  // One statement of that name for each connection.
  Reconnect();
  return text;
}

void RecordPlansTest::Reconnect() {
  database_ =
      *postgres::Database::Open(test_->Pool("kasbah_tenant_data"), absl::Now() + absl::Seconds(30));
}

}  // namespace
}  // namespace kasbah::tenantdata
