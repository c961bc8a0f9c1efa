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
#include "services/tenant_data/store/record_list.h"
#include "tests/bench/explained_transaction.h"
#include <nlohmann/json.hpp>

namespace kasbah::bench {
namespace {

using tenantdata::v1::CollectionService;
using tenantdata::v1::ImportRecordsRequest;
using tenantdata::v1::ImportRecordsResponse;
using tenantdata::v1::RecordService;

constexpr int64_t kPage = 50;
// Which is too few for a team's records to be rare and too many for them to be met often.
constexpr int kTeams = 67;
// A page of all of a tenant's records takes no longer than so many looks into an index: 2 ms where
// one takes 2 microseconds.
constexpr int kMostLooks = 1000;

tenantdata::v1::Collection MakeCollection(Installation& kasbah) {
  tenantdata::v1::CreateCollectionRequest create;
  create.set_key("listed");
  const auto add = [&](const char* key, tenantdata::v1::FieldType type) {
    auto* field = create.add_fields();
    field->set_key(key);
    field->set_type(type);
    field->set_indexed(true);
    field->set_required(true);
    return field;
  };
  add("rank", tenantdata::v1::FIELD_TYPE_INTEGER);
  add("name", tenantdata::v1::FIELD_TYPE_TEXT);
  add("state", tenantdata::v1::FIELD_TYPE_TEXT);
  add("team", tenantdata::v1::FIELD_TYPE_TEXT)->add_indexed_orders("rank");
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
                "\",\"state\":\"", kStates[rank % 3], "\",\"team\":\"team ", i % kTeams, "\"}\n");
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

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// One look into the index by record, without policies: what a page is made of, and how fast the
// machine is at that moment. Of a thousand records at least.
class Look {
 public:
  Look(Installation& kasbah, const tenantdata::v1::Collection& collection)
      : session_(kasbah.OpenSession()) {
    session_->Query(
        StrCat("CREATE TEMP TABLE sought AS SELECT record_id FROM tenant_data.records WHERE "
               "collection_id = '",
               CollectionId::Parse(collection.collection_id())->uuid().ToString(),
               "' ORDER BY md5(record_id::text) LIMIT ", kSought));
    session_->Query("ANALYZE sought");
    explain_ = StrCat(
        "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT count(x.found) FROM sought s "
        "CROSS JOIN LATERAL (SELECT true AS found FROM tenant_data.record_index x WHERE "
        "x.tenant_id = '",
        kasbah.tenant().uuid().ToString(), "' AND x.field_id = '",
        FieldId::Parse(collection.fields(0).field_id())->uuid().ToString(),
        "' AND x.record_id <> '00000000-0000-0000-0000-000000000000' "
        "AND x.record_id = s.record_id OFFSET 0) AS x");
  }

  // Milliseconds, the median of some thousands.
  double Measure() {
    std::vector<double> times;
    for (int i = 0; i < 9; ++i) {
      const auto plan = nlohmann::json::parse(session_->Query(explain_));
      times.push_back(plan[0]["Execution Time"].get<double>() / kSought);
    }
    return MedianOf(std::move(times));
  }

 private:
  static constexpr int kSought = 1000;
  const std::unique_ptr<Installation::Session> session_;
  std::string explain_;
};

// A filter, an order and where the page begins, and what was measured of it round by round.
struct Shape {
  std::string filter;
  std::string order;
  tenantdata::Cursor after;
  std::vector<double> times;
  std::vector<double> first_times;
  std::vector<double> looks;
};

class Lists {
 public:
  Lists(Installation& kasbah, const tenantdata::v1::Collection& collection)
      : kasbah_(kasbah), look_(kasbah, collection) {
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
      added.indexed_orders.assign(field.indexed_orders().begin(), field.indexed_orders().end());
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
  // As autovacuum leaves tables that nobody writes to: of rows that an older snapshot may not see
  // yet, an index alone tells nothing.
  static void VacuumAll(Installation& kasbah) {
    for (const std::string table : {"tenant_data.record_index", "tenant_data.records"}) {
      for (int attempt = 0; attempt < kVacuums; ++attempt) {
        kasbah.Query("VACUUM ANALYZE " + table);
        if (kasbah.Query(StrCat("SELECT relallvisible = relpages FROM pg_class WHERE oid = '",
                                table, "'::regclass")) == "t") {
          break;
        }
      }
    }
  }

  // A line for each shape, "1.23 ms (2.34)  456 looks  filter, order": as RecordList reads a page,
  // when it is the first time that a connection does, and in how many looks into an index that were
  // measured right before and after. Medians of rounds through all shapes.
  std::string Measure(std::vector<Shape> shapes) {
    for (int round = 0; round < kRounds; ++round) {
      for (Shape& shape : shapes) MeasureOnce(shape);
    }
    std::string text;
    for (const Shape& shape : shapes) {
      const double looks = MedianOf(shape.looks);
      most_looks_ = std::max(most_looks_, looks);
      char figures[96];
      snprintf(figures, sizeof(figures), "%8.2f ms (%5.2f)  %4.0f looks  ", MedianOf(shape.times),
               MedianOf(shape.first_times), looks);
      StrAppend(&text, figures, shape.filter.empty() ? "everything" : shape.filter, ", by ",
                shape.order.empty() ? "age" : shape.order,
                shape.after.record.uuid().is_nil() ? "" : ", deep", "\n");
    }
    return text;
  }
  // Of the longest page so far.
  double most_looks() const { return most_looks_; }
  // Microseconds of one, over all rounds.
  double look_time() const { return MedianOf(look_times_) * 1000; }

 private:
  static constexpr int kRounds = 5;
  static constexpr int kVacuums = 20;

  void MeasureOnce(Shape& shape) {
    const tenantdata::Listing listing{
        rules_->collection_id(), *tenantdata::ParseFilter(*rules_, shape.filter),
        *tenantdata::ParseOrder(*rules_, shape.order), call_.customer};
    const double before = look_.Measure();
    ExplainedTransaction transaction(kasbah_.PostgresAdminDsn(), call_);
    const auto page =
        tenantdata::RecordList().Page(transaction, call_, listing, shape.after, kPage + 1);
    if (!page.ok()) Crash(page.status().ToString(), __FILE__, __LINE__);
    look_times_.push_back((before + look_.Measure()) / 2);
    shape.times.push_back(transaction.median());
    shape.first_times.push_back(transaction.first());
    shape.looks.push_back(transaction.median() / look_times_.back());
  }

  Installation& kasbah_;
  Look look_;
  double most_looks_ = 0;
  std::vector<double> look_times_;
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
  std::string text =
      StrCat("imported ", records, " records, ", static_cast<int64_t>(rate),
             " lines/s\npages of 50, in the database (the first time on a connection):\n");
  text += lists.Measure({{"", ""},
                         {"state = \"open\"", ""},
                         {"", "rank"},
                         {"rank >= 1000", "rank desc", deep},
                         {"state = \"open\"", "rank desc"},
                         {"state = \"open\" AND rank < 100000", "rank", deep},
                         {"name = \"name 5\"", "rank"},
                         {"name = \"name 5\" AND NOT state = \"open\"", "rank desc"},
                         {"team = \"team 7\"", "rank"},
                         {"team = \"team 7\" AND rank >= 1000", "rank desc", deep},
                         {"team = \"team 7\" AND NOT state = \"open\"", "rank desc"},
                         {"name = \"name 5*\"", ""},
                         {"rank < 20", ""}});
  char line[128];
  snprintf(line, sizeof(line),
           "the longest: %.0f looks of %.1f us, %s (budget %d: 2 ms where one takes 2 us)\n",
           lists.most_looks(), lists.look_time(), lists.most_looks() <= kMostLooks ? "ok" : "OVER",
           kMostLooks);
  text += line;
  text += "where a filter finds neither few nor many, scattered in the order:\n";
  text += lists.Measure({{"rank < 500", "name"},
                         {"rank < 1500", "name"},
                         {"rank < 5000", "name"},
                         {"team = \"team 7\"", "name"},
                         {"name = \"name 55*\"", "rank"},
                         {"name = \"name 5*\"", "rank"},
                         {"name = \"name 55*\"", ""},
                         {"rank < 1500", ""},
                         {"rank < 5000", ""}});
  for (const int share : {100, 1000}) {
    lists.BecomeCustomer(share);
    StrAppend(&text, "of a customer with one in ", share, ":\n");
    text += lists.Measure({{"", ""},
                           {"state = \"open\"", ""},
                           {"name = \"name 5*\"", ""},
                           {"", "rank"},
                           {"state = \"open\"", "rank desc"},
                           {"team = \"team 7\"", "rank"}});
  }
  return text;
}

}  // namespace kasbah::bench
