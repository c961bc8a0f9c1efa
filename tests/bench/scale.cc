#include "tests/bench/scale.h"

#include <functional>
#include <random>
#include <vector>

#include "absl/strings/str_split.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "tests/bench/budget.h"
#include "tests/bench/unary_load.h"

namespace kasbah::bench {
namespace {

using tenantdata::v1::RecordService;

// Short and many: this machine's speed changes within seconds.
constexpr int kRounds = 97;
constexpr int kSeconds = 1;
// Before the first round that counts: caches fill, and PostgreSQL logs the whole of each page that
// is changed for the first time since a checkpoint, thousands here, as later once in minutes.
constexpr int kWarmUps = 4;
constexpr int kSharedBuffersMib = 1024;
constexpr char kCollection[] = "notes";
const char* const kFields[] = {"text_0", "text_1", "text_2"};
// Of each tenant, for GetRecord.
constexpr int kSampled = 20;

// Many tenants with records, called as the gateway with a key of each.
class Population {
 public:
  Population(Installation& kasbah, int tenants, int records) : kasbah_(kasbah) {
    auto keys = auth::v1::ApiKeyService::NewStub(kasbah.Channel("auth", dev::kOperator));
    for (const TenantId tenant : kasbah.MakeTenants(tenants)) {
      auth::v1::CreateApiKeyRequest key;
      key.set_display_name("bench");
      key.set_role(auth::v1::ROLE_OWNER);
      Member& member = members_.emplace_back();
      member.key =
          Installation::Invoke(*keys, &auth::v1::ApiKeyService::Stub::CreateApiKey, key, tenant)
              .secret();
      kasbah.MakeCollection(tenant, kCollection, {std::begin(kFields), std::end(kFields)}, 1);
      member.records = Fill(tenant, records / tenants);
      if (members_.size() % 50 == 0) fprintf(stderr, "\r%zu tenants", members_.size());
    }
    kasbah.Settle();
    for (const char* table : {"records", "record_history", "record_index"}) {
      kasbah.Query(StrCat("VACUUM ANALYZE tenant_data.", table));
    }
    kasbah.Query("CHECKPOINT");
    fprintf(stderr, "\n");
  }

  double Get() {
    SignInWhenDue();
    RecordService::Stub stub(kasbah_.Channel("tenant-data", "gateway"));
    using Async = class RecordService::Stub::async;
    return Load(static_cast<Async*>(stub.async()), &Async::GetRecord,
                tenantdata::v1::GetRecordRequest(), kSeconds,
                std::function<void(grpc::ClientContext*, tenantdata::v1::GetRecordRequest*)>(
                    [&](grpc::ClientContext* context, tenantdata::v1::GetRecordRequest* request) {
                      const Member& member = Next(context);
                      request->set_record_id(member.records[Draw() % member.records.size()]);
                    }));
  }

  double Create() {
    SignInWhenDue();
    RecordService::Stub stub(kasbah_.Channel("tenant-data", "gateway"));
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection(kCollection);
    for (const char* field : kFields) {
      (*request.mutable_values()->mutable_fields())[field].set_string_value(
          "some text of a record");
    }
    using Async = class RecordService::Stub::async;
    const double rate = Load(static_cast<Async*>(stub.async()), &Async::CreateRecord, request,
                             kSeconds, [&](grpc::ClientContext* context) { Next(context); });
    kasbah_.Settle();
    return rate;
  }

 private:
  struct Member {
    std::string key;
    std::string authorization;
    std::vector<std::string> records;
  };

  // An assertion lasts a minute, and the gateway uses it for nearly as long.
  void SignInWhenDue() {
    if (absl::Now() < signed_in_until_) return;
    signed_in_until_ = absl::Now() + absl::Seconds(40);
    auth::v1::CredentialService::Stub stub(kasbah_.Channel("auth", "gateway"));
    for (Member& member : members_) {
      auth::v1::ResolveCredentialRequest request;
      request.set_api_key(member.key);
      const auto reply = Installation::Invoke(
          stub, &auth::v1::CredentialService::Stub::ResolveCredential, request, TenantId());
      member.authorization = StrCat("Bearer ", reply.assertion());
    }
  }

  // Records as CreateRecord would have left them in one moment, but for their events; ids of some.
  std::vector<std::string> Fill(TenantId tenant, int records) {
    const std::string id = StrCat("'", tenant.uuid().ToString(), "'::uuid");
    const std::string data =
        R"('{"text_0":"some text of a record","text_1":"some text of a record",)"
        R"("text_2":"some text of a record"}')";
    // "0190163d-8694-7"
    const std::string moment = Uuid::V7(absl::Now()).ToString().substr(0, 15);
    const std::string ids = kasbah_.Query(StrCat(
        "WITH made AS (SELECT ('", moment,
        "' || substr(md5(random()::text), 1, 3) || '-8' || "
        "substr(md5(random()::text), 1, 15))::uuid AS record_id, i FROM generate_series(1, ",
        records,
        ") i), collection AS (SELECT c.collection_id, f.field_id FROM tenant_data.collections c "
        "JOIN tenant_data.fields f USING (tenant_id, collection_id) WHERE c.tenant_id = ",
        id,
        " AND f.key = 'text_0'), stored AS (INSERT INTO tenant_data.records (tenant_id, "
        "record_id, collection_id, schema_version, version, data, created_at, updated_at) SELECT ",
        id, ", record_id, collection_id, 1, 1, ", data,
        ", now(), now() FROM made, collection), kept AS (INSERT INTO tenant_data.record_history "
        "(tenant_id, record_id, version, change, collection_id, schema_version, data, actor_kind, "
        "actor_id, request_id, changed_at) SELECT ",
        id, ", record_id, 1, 'created', collection_id, 1, ", data,
        ", 'api_key', 'key_01h455vb4pex5vsknk084sn02q', '0190163d-8694-739b-aea5-966c26f8ad91', "
        "now() FROM made, collection), indexed AS (INSERT INTO tenant_data.record_index "
        "(tenant_id, record_id, field_id, v_text) SELECT ",
        id,
        ", record_id, field_id, 'some text of a record' FROM made, collection) "
        "SELECT string_agg(record_id::text, ',') FROM made WHERE i <= ",
        kSampled));
    std::vector<std::string> names;
    for (const absl::string_view text : absl::StrSplit(ids, ',')) {
      const auto uuid = Uuid::Parse(std::string(text));
      KASBAH_CHECK(uuid.ok());
      names.push_back(RecordId(*uuid).ToString());
    }
    return names;
  }

  static uint32_t Draw() {
    thread_local std::minstd_rand random(std::random_device{}());
    return static_cast<uint32_t>(random());
  }

  const Member& Next(grpc::ClientContext* context) {
    const Member& member = members_[Draw() % members_.size()];
    context->AddMetadata("authorization", member.authorization);
    return member;
  }

  Installation& kasbah_;
  std::vector<Member> members_;
  absl::Time signed_in_until_ = absl::InfinitePast();
};

}  // namespace

std::string MeasureScale(const std::string& directory, int tenants, int records) {
  const auto large = Installation::Start(directory, kSharedBuffersMib);
  const auto small = Installation::Start(StrCat(directory, "-small"), kSharedBuffersMib);
  Population many(*large, tenants, records);
  Population one(*small, 1, records / tenants);
  const std::string baseline = StrCat("with ", records / tenants, " records of one tenant");
  std::vector<Reading> readings;
  for (const Budget& budget :
       {Budget{"GetRecord", "calls/s", baseline, 0.8, [&] { return many.Get(); },
               [&] { return one.Get(); }},
        Budget{"CreateRecord", "calls/s", baseline, 0.8, [&] { return many.Create(); },
               [&] { return one.Create(); }}}) {
    Measure(budget, kWarmUps);
    readings.push_back(Measure(budget, kRounds));
  }
  return StrCat(records, " records of ", tenants, " tenants\n", Table(readings));
}

}  // namespace kasbah::bench
