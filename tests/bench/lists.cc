#include "tests/bench/lists.h"

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/filter.h"
#include "services/tenant_data/domain/order.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/explained_fixture.h"
#include "services/tenant_data/store/record_list.h"
#include <nlohmann/json.hpp>

namespace kasbah::bench {
namespace {

using tenantdata::v1::CollectionService;
using tenantdata::v1::ImportRecordsRequest;
using tenantdata::v1::ImportRecordsResponse;
using tenantdata::v1::RecordService;

constexpr int kRounds = 9;
constexpr int64_t kPage = 50;

tenantdata::v1::Collection MakeCollection(Installation& kasbah) {
  tenantdata::v1::CreateCollectionRequest create;
  create.set_key("listed");
  const auto add = [&](const char* key, tenantdata::v1::FieldType type) {
    auto* field = create.add_fields();
    field->set_key(key);
    field->set_type(type);
    field->set_indexed(true);
    field->set_required(true);
  };
  add("rank", tenantdata::v1::FIELD_TYPE_INTEGER);
  add("name", tenantdata::v1::FIELD_TYPE_TEXT);
  add("state", tenantdata::v1::FIELD_TYPE_TEXT);
  CollectionService::Stub stub(kasbah.Channel("tenant-data", dev::kOperator));
  return Installation::Invoke(stub, &CollectionService::Stub::CreateCollection, create,
                              kasbah.tenant());
}

// Lines a second.
double Import(Installation& kasbah, int records) {
  RecordService::Stub stub(kasbah.TenantChannel("tenant-data"));
  grpc::ClientContext context;
  context.AddMetadata("authorization", kasbah.Authorization());
  auto stream = stub.ImportRecords(&context);
  const absl::Time start = absl::Now();
  std::thread writer([&] {
    ImportRecordsRequest request;
    request.mutable_start()->set_collection("listed");
    request.mutable_start()->set_format(tenantdata::v1::LINE_FORMAT_JSON_LINES);
    request.mutable_start()->set_import_id(Uuid::V7(absl::Now()).ToString());
    static constexpr const char* kStates[] = {"new", "open", "done"};
    for (int i = 0; i < records; ++i) {
      const int rank = static_cast<int>((int64_t{i} * 7919) % records);
      StrAppend(request.mutable_data(), "{\"rank\":", rank, ",\"name\":\"name ", i % 1000,
                "\",\"state\":\"", kStates[rank % 3], "\"}\n");
      if (request.data().size() < 256 * 1024) continue;
      stream->Write(request);
      request.Clear();
    }
    request.set_last(true);
    stream->Write(request);
    stream->WritesDone();
  });
  ImportRecordsResponse response;
  uint64_t created = 0;
  while (stream->Read(&response)) created = response.progress().created();
  writer.join();
  const grpc::Status status = stream->Finish();
  if (!status.ok() || created != static_cast<uint64_t>(records)) {
    Crash(status.error_message(), __FILE__, __LINE__);
  }
  return records / absl::ToDoubleSeconds(absl::Now() - start);
}

class Lists {
 public:
  Lists(Installation& kasbah, const tenantdata::v1::Collection& collection)
      : kasbah_(kasbah), session_(kasbah.OpenSession()) {
    tenantdata::CollectionDefinition definition;
    definition.id = *CollectionId::Parse(collection.collection_id());
    for (const auto& field : collection.fields()) {
      tenantdata::FieldDefinition& added = definition.fields.emplace_back();
      added.id = *FieldId::Parse(field.field_id());
      added.key = field.key();
      added.type =
          field.key() == "rank" ? tenantdata::FieldType::kInteger : tenantdata::FieldType::kText;
      added.indexed = true;
      added.required = true;
    }
    rules_ = *tenantdata::RuleTable::Compile(std::move(definition));
    call_.tenant = kasbah.tenant();
  }

  // Gives a customer one record in `share`; what is measured from then on are its calls.
  void BecomeCustomer(int share) {
    tenantdata::v1::CreateCustomerRequest create;
    create.set_external_id(StrCat("one-in-", share));
    tenantdata::v1::CustomerService::Stub stub(kasbah_.Channel("tenant-data", dev::kOperator));
    const auto customer = Installation::Invoke(
        stub, &tenantdata::v1::CustomerService::Stub::CreateCustomer, create, kasbah_.tenant());
    call_.customer = *CustomerId::Parse(customer.customer_id());
    const std::string id = call_.customer->uuid().ToString();
    kasbah_.Query(StrCat("WITH mine AS (UPDATE tenant_data.records r SET customer_id = '", id,
                         "' FROM (SELECT record_id, row_number() OVER (ORDER BY record_id) AS n "
                         "FROM tenant_data.records WHERE collection_id = '",
                         rules_->collection_id().uuid().ToString(),
                         "') o WHERE o.record_id = r.record_id AND n % ", share, " = ", share / 2,
                         " RETURNING r.record_id), indexed AS (UPDATE tenant_data.record_index i "
                         "SET customer_id = '",
                         id,
                         "' FROM mine WHERE i.record_id = mine.record_id RETURNING 1) "
                         "SELECT count(*) FROM indexed"));
    VacuumAll(kasbah_);
  }
  static void VacuumAll(Installation& kasbah) {
    kasbah.Query("VACUUM ANALYZE tenant_data.record_index");
    kasbah.Query("VACUUM ANALYZE tenant_data.records");
  }

  // "1.23 ms  filter, order".
  std::string Measure(const std::string& filter, const std::string& order,
                      const tenantdata::Cursor& after) {
    const tenantdata::Listing listing{rules_->collection_id(),
                                      *tenantdata::ParseFilter(*rules_, filter),
                                      *tenantdata::ParseOrder(*rules_, order), call_.customer};
    const auto candidates = tenantdata::CandidatesOf(listing);
    double time = 0;
    std::optional<tenantdata::Source> source = SourceWithoutProbe(listing, candidates);
    if (listing.customer && (listing.order.field || !candidates.empty())) {
      const auto counts =
          Counts(listing, {tenantdata::Candidate()}, tenantdata::kSmallCustomer, &time);
      if (counts[0] <= tenantdata::kSmallCustomer) source = SourceOfSmallCustomer(listing);
    }
    if (!source) {
      source = GatherOf(candidates, Counts(listing, candidates, tenantdata::kFewGathered, &time),
                        tenantdata::kFewGathered);
    }
    // As RecordList::Page goes on: a first look, and where that is not enough a count.
    if (!source) {
      source = WalkOf(listing, candidates);
      const auto look = PageQuery(call_, listing, *source,
                                  {after, std::nullopt, tenantdata::kFirstLook, true}, kPage + 1);
      time += TimeOf(look);
      if (RowsOf(look) == kPage + 1) return Line(time, filter, order, after);
      const auto counts = Counts(listing, candidates, tenantdata::kMostGathered, &time);
      source = GatherOf(candidates, counts, tenantdata::kMostGathered).value_or(*source);
    }
    time += TimeOf(PageQuery(call_, listing, *source, {after, std::nullopt, 10'000}, kPage + 1));
    return Line(time, filter, order, after);
  }

 private:
  static std::string Line(double time, const std::string& filter, const std::string& order,
                          const tenantdata::Cursor& after) {
    char line[64];
    snprintf(line, sizeof(line), "%8.2f ms  ", time);
    return StrCat(line, filter.empty() ? "everything" : filter, ", by ",
                  order.empty() ? "age" : order, after.record.uuid().is_nil() ? "" : ", deep",
                  "\n");
  }

  // How many rows each finds, up to `most` + 1; adds what that takes.
  std::vector<int64_t> Counts(const tenantdata::Listing& listing,
                              const std::vector<tenantdata::Candidate>& candidates, int64_t most,
                              double* time) {
    *time += TimeOf(tenantdata::ProbeQuery(call_, listing, candidates, most + 1));
    std::vector<int64_t> counts;
    for (const tenantdata::Candidate& candidate : candidates) {
      const auto one = tenantdata::ProbeQuery(call_, listing, {candidate}, most + 1);
      counts.push_back(std::stoll(kasbah_.Query(Scoped(tenantdata::WithLiterals(one)))));
    }
    return counts;
  }
  int64_t RowsOf(const postgres::ComposedQuery& query) {
    return std::stoll(kasbah_.Query(
        Scoped(StrCat("SELECT count(*) FROM (", tenantdata::WithLiterals(query), ") q"))));
  }

  std::string Scoped(const std::string& sql) const {
    return StrCat("BEGIN; SET LOCAL ROLE kasbah_tenant_data; SELECT core.enter('",
                  kasbah_.tenant().uuid().ToString(), "', '",
                  call_.customer ? call_.customer->uuid().ToString() : "all", "'); ", sql);
  }

  // Planning and execution, the median of some rounds.
  double TimeOf(const postgres::ComposedQuery& query) {
    std::vector<double> times;
    for (int i = 0; i < kRounds; ++i) {
      const auto plan = nlohmann::json::parse(session_->Query(
          Scoped("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + tenantdata::WithLiterals(query))));
      session_->Query("ROLLBACK");
      times.push_back(plan[0]["Planning Time"].get<double>() +
                      plan[0]["Execution Time"].get<double>());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }

  Installation& kasbah_;
  const std::unique_ptr<Installation::Session> session_;
  CallContext call_;
  std::shared_ptr<const tenantdata::RuleTable> rules_;
};

}  // namespace

std::string MeasureLists(Installation& kasbah, int records) {
  const auto collection = MakeCollection(kasbah);
  const double rate = Import(kasbah, records);
  Lists::VacuumAll(kasbah);
  Lists lists(kasbah, collection);
  tenantdata::Cursor deep;
  deep.record = RecordId::New(absl::Now());
  deep.value.integer = records / 2;
  std::string text = StrCat("imported ", records, " records, ", static_cast<int64_t>(rate),
                            " lines/s\npages of 50, in the database:\n");
  text += lists.Measure("", "", {});
  text += lists.Measure("state = \"open\"", "", {});
  text += lists.Measure("", "rank", {});
  text += lists.Measure("rank >= 1000", "rank desc", deep);
  text += lists.Measure("state = \"open\"", "rank desc", {});
  text += lists.Measure("state = \"open\" AND rank < 100000", "rank", deep);
  text += lists.Measure("name = \"name 5\"", "rank", {});
  text += lists.Measure("name = \"name 5\" AND NOT state = \"open\"", "rank desc", {});
  text += lists.Measure("name = \"name 5*\"", "", {});
  for (const int share : {100, 1000}) {
    lists.BecomeCustomer(share);
    StrAppend(&text, "of a customer with one in ", share, ":\n");
    text += lists.Measure("", "", {});
    text += lists.Measure("state = \"open\"", "", {});
    text += lists.Measure("name = \"name 5*\"", "", {});
    text += lists.Measure("", "rank", {});
    text += lists.Measure("state = \"open\"", "rank desc", {});
  }
  return text;
}

}  // namespace kasbah::bench
