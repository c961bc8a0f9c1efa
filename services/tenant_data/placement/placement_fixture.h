#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "services/tenant_data/placement/placements.h"
#include "services/tenant_data/placement/shard_copies.h"
#include "services/tenant_data/placement/shard_map.h"
#include "services/tenant_data/placement/tenant_mover.h"
#include "services/tenant_data/store/tenant_data_fixture.h"
#include "services/tenant_data/store/tenant_registry.h"

namespace kasbah::tenantdata {

// A row in every table of records.
inline constexpr char kRowsOfAllKinds[] = R"sql(
INSERT INTO tenant_data.field_groups
  (tenant_id, collection_id, schema_version, group_id, position, key, display_name, revision)
  SELECT tenant_id, collection_id, 1, gen_random_uuid(), 1, 'group', 'Group', 1
  FROM tenant_data.collections;
INSERT INTO tenant_data.field_indexes
  (tenant_id, field_id, collection_id, state, last_record, started_at)
  SELECT tenant_id, gen_random_uuid(), collection_id, 'ready', gen_random_uuid(), now()
  FROM tenant_data.collections;
INSERT INTO tenant_data.imports
  SELECT tenant_id, collection_id, NULL, collection_id, 'csv', 2, 20, 1, 1, false, now()
  FROM tenant_data.collections;
INSERT INTO tenant_data.import_refusals
  SELECT tenant_id, import_id, 2, NULL, '\x0a00' FROM tenant_data.imports;
INSERT INTO tenant_data.erased_subjects
  SELECT tenant_id, sha256(collection_id::text::bytea) FROM tenant_data.collections;
INSERT INTO tenant_data.cursor_keys
  SELECT tenant_id, sha256(collection_id::text::bytea) FROM tenant_data.collections;
INSERT INTO tenant_data.file_usage SELECT tenant_id, 5 FROM tenant_data.collections;
INSERT INTO tenant_data.files (tenant_id, file_id, name, content_type, size, sha256, state,
                               data_key, creator_kind, creator_id, created_at)
  SELECT tenant_id, gen_random_uuid(), E'odd "name", (with\\ ü', 'text/plain', 5, '\x00ff',
         'stored', '\x01', 'user', 'u', now()
  FROM tenant_data.collections;
INSERT INTO tenant_data.file_references
  SELECT tenant_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), NULL
  FROM tenant_data.collections;
INSERT INTO tenant_data.rights_operations
  (tenant_id, operation_id, kind, subject, actor_kind, actor_id, lease_until, created_at,
   updated_at)
  SELECT tenant_id, gen_random_uuid(), 'subject_export', 'someone', 'user', 'u', 'infinity', now(),
         now()
  FROM tenant_data.collections;
INSERT INTO tenant_data.rights_members
  SELECT tenant_id, operation_id, 1, 'tenant_data', 'customers', 2, 20, sha256('\x00'),
         gen_random_uuid()
  FROM tenant_data.rights_operations;
INSERT INTO tenant_data.rights_counts
  SELECT tenant_id, operation_id, 'tenant_data', 'customers', 2 FROM tenant_data.rights_operations;
INSERT INTO tenant_data.requests
  SELECT tenant_id, gen_random_uuid(), NULL, '\x00', '\x01', now() FROM tenant_data.collections;
INSERT INTO tenant_data.quotas (tenant_id, meter, most, month_start)
  SELECT tenant_id, 'records', 100, now() FROM tenant_data.collections;
INSERT INTO tenant_data.quota_slots
  SELECT tenant_id, 'records', 3, 97 FROM tenant_data.collections;
)sql";

// A second database beside a test's own, and what leads to it.
class SecondDatabase {
 public:
  explicit SecondDatabase(testing::TestDatabase& home)
      : home_(home), database_(testing::TestDatabase::Create(migrations::tenant_data())) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    shards_ = std::make_unique<Shards>(
        *postgres::Door::Open(home.Pool("kasbah_tenant_data_mover"),
                              postgres::DoorToken::RecordsMover(), deadline),
        *postgres::Door::Open(home.Pool("kasbah_tenant_data_upkeep"),
                              postgres::DoorToken::TenantDataUpkeep(), deadline));
    EXPECT_OK(shards_->Open(Options(*database_), deadline));
    map_ = NewMap();
  }

  static ShardOptions Options(testing::TestDatabase& database) {
    return {"second",
            "kasbah.dev",
            database.Pool("kasbah_tenant_data"),
            database.Pool("kasbah_tenant_data_relay"),
            database.Pool("kasbah_tenant_data_upkeep"),
            database.Pool("kasbah_tenant_data_mover")};
  }

  // As another replica has it.
  std::unique_ptr<ShardMap> NewMap() {
    auto map = std::make_unique<ShardMap>(*shards_);
    EXPECT_OK(map->Load(absl::Now() + absl::Seconds(30)));
    return map;
  }

  testing::TestDatabase& database() { return *database_; }
  Shards& shards() { return *shards_; }
  ShardMap& map() { return *map_; }

  // All at once, and to its end: the tenant's records are here then.
  void Move(const CallContext& call) {
    outbox::Outbox outbox("tenant_data");
    Placements placements(*shards_, outbox, Clock::Real());
    EXPECT_OK(placements.Start(call, "second"));
    TenantMover mover(*shards_, *map_, outbox, Clock::Real(), {.clean_after = absl::ZeroDuration()},
                      [this](std::string_view) {
                        CarryOut();
                        return absl::OkStatus();
                      });
    absl::StatusOr<bool> worked = true;
    while (worked.ok() && *worked) worked = mover.RunOnce();
    EXPECT_OK(worked);
  }

  // Carries out what is in both outboxes, as relays would: home's first, since that is where a
  // tenant is before it is elsewhere.
  void CarryOut() {
    absl::MutexLock lock(&mutex_);
    for (testing::TestDatabase* database : {&home_, database_.get()}) {
      const std::string gone = database->QueryValue(
          "WITH gone AS (DELETE FROM tenant_data.outbox RETURNING id, topic, payload) "
          "SELECT string_agg(encode(payload, 'hex'), ' ' ORDER BY id) FROM gone "
          "WHERE topic = 'change'");
      const std::vector<std::string> payloads = absl::StrSplit(gone, ' ', absl::SkipEmpty());
      for (const std::string& hex : payloads) {
        outbox::v1::ChangeEvent event;
        EXPECT_TRUE(event.ParseFromString(*crypto::ParseHex(hex)));
        changes_.push_back(std::move(event));
      }
    }
  }
  // In the order in which they were carried out.
  const std::vector<outbox::v1::ChangeEvent>& changes() const { return changes_; }

 private:
  testing::TestDatabase& home_;
  std::unique_ptr<testing::TestDatabase> database_;
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<ShardMap> map_;
  absl::Mutex mutex_;
  std::vector<outbox::v1::ChangeEvent> changes_;
};

// Tenants with records, of which one moves to another database.
class PlacementTest : public TenantDataTest {
 protected:
  void SetUp() override {
    TenantDataTest::SetUp();
    second_ = std::make_unique<SecondDatabase>(*test_);
    database_->PlaceBy(&second_->map());
    placements_ = std::make_unique<Placements>(second_->shards(), outbox_, Clock::Real());
    copies_ = std::make_unique<ShardCopies>(second_->shards());
  }

  // What happens at a worker's checkpoints, after events were carried out; an error is a crash.
  using AtPoint = std::function<absl::Status(std::string_view)>;
  std::unique_ptr<TenantMover> NewMover(AtPoint at = nullptr, MoveSettings settings = {}) {
    settings.clean_after = absl::ZeroDuration();
    return std::make_unique<TenantMover>(second_->shards(), second_->map(), outbox_, Clock::Real(),
                                         settings,
                                         [this, at = std::move(at)](std::string_view point) {
                                           if (carries_out_) second_->CarryOut();
                                           return at ? at(point) : absl::OkStatus();
                                         });
  }
  static AtPoint CrashAt(std::string wanted) {
    return [wanted = std::move(wanted)](std::string_view point) {
      return point == wanted ? absl::CancelledError("crashed") : absl::OkStatus();
    };
  }
  // Until nothing is due: what waits for another attempt is due at once.
  void RunAll(TenantMover& mover) {
    for (int round = 0; round < 50; ++round) {
      test_->Execute("UPDATE tenant_data.moves SET lease_until = '-infinity', due_at = now()");
      const auto worked = mover.RunOnce();
      if (worked.ok() && !*worked) return;
    }
    ADD_FAILURE() << "a move does not end";
  }

  Move Start(TenantId tenant, const std::string& target) {
    const auto move = placements_->Start(Call(tenant), target);
    EXPECT_OK(move);
    return move.value_or(Move());
  }
  Move Current(const Move& move) {
    const auto now = placements_->Get(Call(move.tenant), move.id);
    EXPECT_OK(now);
    return now.value_or(Move());
  }
  void MoveTo(TenantId tenant, const std::string& target) {
    const Move move = Start(tenant, target);
    RunAll(*NewMover());
    EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  }

  void Fill(TenantId tenant, int records) {
    const CustomerId customer = MakeCustomer(tenant, "customer");
    for (int i = 0; i < records; ++i) {
      const auto id = Create(tenant,
                             {{"alpha_2", absl::StrCat("A", i)},
                              {"name", "Name \"quoted\", {braces}"},
                              {"code", absl::StrCat("C", i)}},
                             customer);
      ASSERT_OK(id);
    }
  }

  static std::string IdOf(TenantId tenant) {
    return absl::StrCat("'", tenant.uuid().ToString(), "'");
  }
  // "records 3, record_history 4, …", of all tables with records of tenants.
  static std::string RowsOf(testing::TestDatabase& database, TenantId tenant) {
    return database.QueryValue(
        absl::StrCat("SELECT string_agg(c.relname || ' ' || d.row_count || ' ' || d.digest, ', ' "
                     "ORDER BY c.relname) FROM pg_class c JOIN pg_trigger g ON g.tgrelid = c.oid "
                     "AND g.tgname = 'note_change', "
                     "LATERAL tenant_data.digest_of(c.oid, ",
                     IdOf(tenant), ") d WHERE d.row_count > 0"));
  }
  static std::string PlaceIn(testing::TestDatabase& database, TenantId tenant) {
    return database.QueryValue("SELECT records FROM core.tenants WHERE tenant_id = " +
                               IdOf(tenant));
  }
  // Where it says that the records are, "nowhere" or "both".
  std::string Place(TenantId tenant) {
    const bool home = PlaceIn(*test_, tenant) != "elsewhere";
    const std::string second = PlaceIn(second_->database(), tenant);
    const bool there = !second.empty() && second != "elsewhere";
    return home ? (there ? "both" : "main") : (there ? "second" : "nowhere");
  }

  std::unique_ptr<SecondDatabase> second_;
  std::unique_ptr<Placements> placements_;
  std::unique_ptr<ShardCopies> copies_;
  bool carries_out_ = true;
};

}  // namespace kasbah::tenantdata
