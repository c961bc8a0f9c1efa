#include <thread>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/placement/placement_fixture.h"
#include "services/tenant_data/rpc/placement_service.h"
#include "services/tenant_data/rpc/record_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::HasSubstr;
using testing::ReasonIs;

class PlacementServiceTest : public RecordServiceTest {
 protected:
  using Placing = v1::PlacementService::Stub;
  using Collections = v1::CollectionService::Stub;
  using Customers = v1::CustomerService::Stub;

  std::vector<grpc::Service*> MoreServices(rpc::Pipeline& pipeline) override {
    second_ = std::make_unique<SecondDatabase>(*test_);
    database_->PlaceBy(&second_->map());
    placements_ = std::make_unique<Placements>(second_->shards(), outbox_, Clock::Real());
    placing_ = std::make_unique<PlacementService>(pipeline, *placements_);
    return {placing_.get()};
  }

  absl::StatusOr<v1::Move> StartMove(TenantId tenant, const std::string& target) {
    v1::StartMoveRequest request;
    request.set_target(target);
    return AsOperator(tenant, &Placing::StartMove, request);
  }
  absl::StatusOr<v1::Move> GetMove(TenantId tenant, const std::string& id) {
    v1::GetMoveRequest request;
    request.set_move_id(id);
    return AsOperator(tenant, &Placing::GetMove, request);
  }
  std::string ShardOf(TenantId tenant) {
    const auto placement = AsOperator(tenant, &Placing::GetPlacement, v1::GetPlacementRequest());
    EXPECT_OK(placement);
    return placement.ok() ? placement->shard() : "";
  }
  // Until nothing is due.
  void Work() {
    TenantMover mover(second_->shards(), second_->map(), outbox_, Clock::Real(),
                      {.clean_after = absl::ZeroDuration()}, [this](std::string_view) {
                        second_->CarryOut();
                        return absl::OkStatus();
                      });
    for (;;) {
      const auto worked = mover.RunOnce();
      ASSERT_OK(worked);
      if (!*worked) return;
    }
  }
  // Whoever is served from here on has nothing at home.
  void CloseHome() {
    test_->Execute("REVOKE ALL ON ALL TABLES IN SCHEMA tenant_data FROM kasbah_tenant_data");
  }

  // A call about a record, as a user of a_.
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> About(const v1::Record& record,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Reply*)) {
    Request request;
    request.set_record_id(record.record_id());
    return AsUser(a_, method, request);
  }

  std::unique_ptr<SecondDatabase> second_;
  std::unique_ptr<Placements> placements_;
  std::unique_ptr<PlacementService> placing_;
};

TEST_F(PlacementServiceTest, AnOperatorMovesATenantAndSeesItDone) {
  ASSERT_OK(Make(a_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
  EXPECT_EQ(ShardOf(a_), "main");
  ASSERT_OK_AND_ASSIGN(const v1::Move started, StartMove(a_, "second"));
  EXPECT_EQ(started.state(), v1::Move::STATE_PREPARING);
  EXPECT_EQ(started.source(), "main");
  EXPECT_THAT(StartMove(a_, "second").status(), ReasonIs("MOVE_IN_PROGRESS"));
  Work();
  ASSERT_OK_AND_ASSIGN(const v1::Move done, GetMove(a_, started.move_id()));
  EXPECT_EQ(done.state(), v1::Move::STATE_DONE);
  EXPECT_EQ(done.problem(), "");
  EXPECT_GT(done.copied_rows(), 0);
  EXPECT_TRUE(done.has_switch_time());
  EXPECT_EQ(ShardOf(a_), "second");
  EXPECT_EQ(ShardOf(b_), "main");

  ASSERT_OK_AND_ASSIGN(const auto shards,
                       AsOperator(TenantId(), &Placing::ListShards, v1::ListShardsRequest()));
  ASSERT_EQ(shards.shards_size(), 2);
  EXPECT_EQ(shards.shards(0).name(), "main");
  EXPECT_EQ(shards.shards(0).tenants(), 1);
  EXPECT_EQ(shards.shards(1).name(), "second");
  EXPECT_EQ(shards.shards(1).tenants(), 1);
  EXPECT_TRUE(shards.shards(1).answers());

  ASSERT_OK_AND_ASSIGN(const auto moves,
                       AsOperator(a_, &Placing::ListMoves, v1::ListMovesRequest()));
  ASSERT_EQ(moves.moves_size(), 1);
  EXPECT_EQ(moves.moves(0).move_id(), started.move_id());
  // Another tenant's is as one that there is not.
  EXPECT_TRUE(absl::IsNotFound(GetMove(b_, started.move_id()).status()));
}

TEST_F(PlacementServiceTest, ItsBeginningAndItsEndAreInTheTenantsTrail) {
  ASSERT_OK_AND_ASSIGN(const v1::Move move, StartMove(a_, "second"));
  auto event = LastEvent<outbox::v1::AuditEvent>("audit");
  EXPECT_EQ(event.action(), "placement.start");
  EXPECT_EQ(event.actor().kind(), "operator");
  EXPECT_EQ(event.target().id(), move.move_id());
  EXPECT_EQ(event.attributes().at("target"), "second");
  v1::CancelMoveRequest cancel;
  cancel.set_move_id(move.move_id());
  ASSERT_OK(AsOperator(a_, &Placing::CancelMove, cancel));
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "placement.request_cancel");
  Work();
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "placement.cancel");
  EXPECT_EQ(GetMove(a_, move.move_id())->state(), v1::Move::STATE_CANCELLED);
}

TEST_F(PlacementServiceTest, NobodyButAnOperatorMoves) {
  v1::StartMoveRequest request;
  request.set_target("second");
  EXPECT_EQ(AsUser(a_, &Placing::StartMove, request).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(AsProgram(a_, &Placing::StartMove, request).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ShardOf(a_), "main");
}

TEST_F(PlacementServiceTest, ATargetThatThereIsNotIsNamedAsWrong) {
  const absl::Status refused = StartMove(a_, "nowhere").status();
  ASSERT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailsOf(refused).violations.at(0).field, "target");
}

TEST_F(PlacementServiceTest, EveryCallAboutRecordsOfAMovedTenantIsServedThere) {
  ASSERT_OK_AND_ASSIGN(const v1::Record germany,
                       Make(a_, {{"alpha_2", "DE"}, {"name", "Germany"}, {"iban", kCanary}},
                            "0190a2c4-0000-4000-8000-0000000000bb"));
  ASSERT_OK(StartMove(a_, "second"));
  Work();
  CloseHome();

  EXPECT_EQ(TextOf(*Read(a_, germany.record_id()), "iban"), kCanary);
  // The repetition of a call from before the move is still one.
  ASSERT_OK_AND_ASSIGN(const v1::Record again,
                       Make(a_, {{"alpha_2", "DE"}, {"name", "Germany"}, {"iban", kCanary}},
                            "0190a2c4-0000-4000-8000-0000000000bb"));
  EXPECT_EQ(again.record_id(), germany.record_id());
  ASSERT_OK_AND_ASSIGN(const v1::Record changed,
                       Change(a_, germany, ToStruct({{"note", "changed there"}})));
  ASSERT_OK_AND_ASSIGN(const v1::Record france, Make(a_, {{"alpha_2", "FR"}, {"name", "France"}}));

  v1::BatchCreateRecordsRequest batch;
  batch.set_collection("countries");
  *batch.add_values() = ToStruct({{"alpha_2", "IT"}, {"name", "Italy"}});
  EXPECT_OK(AsUser(a_, &Stub::BatchCreateRecords, batch));
  v1::BatchGetRecordsRequest several;
  several.add_record_ids(france.record_id());
  EXPECT_EQ(AsUser(a_, &Stub::BatchGetRecords, several)->records_size(), 1);
  v1::UpsertRecordRequest upsert;
  upsert.set_collection("countries");
  upsert.set_unique_field("alpha_2");
  *upsert.mutable_values() = ToStruct({{"alpha_2", "FR"}, {"name", "La France"}});
  ASSERT_OK_AND_ASSIGN(const auto upserted, AsUser(a_, &Stub::UpsertRecord, upsert));
  EXPECT_FALSE(upserted.created());
  v1::ListRecordsRequest list;
  list.set_collection("countries");
  list.set_filter("name = \"Germany\"");
  EXPECT_EQ(AsUser(a_, &Stub::ListRecords, list)->records_size(), 1);
  EXPECT_EQ(About(germany, &Stub::ListRecordHistory)->versions_size(), 2);
  EXPECT_OK(About(france, &Stub::DeleteRecord));
  EXPECT_OK(About(france, &Stub::RestoreRecord));
  EXPECT_OK(About(france, &Stub::PurgeRecord));
  EXPECT_TRUE(absl::IsNotFound(Read(a_, france.record_id()).status()));
}

TEST_F(PlacementServiceTest, StreamsDefinitionsAndCustomersOfAMovedTenantAreThereToo) {
  ASSERT_OK(StartMove(a_, "second"));
  Work();
  CloseHome();

  v1::CreateCustomerRequest customer;
  customer.set_external_id("c-1");
  ASSERT_OK_AND_ASSIGN(const v1::Customer made, AsUser(a_, &Customers::CreateCustomer, customer));
  v1::SuspendCustomerRequest suspend;
  suspend.set_customer_id(made.customer_id());
  EXPECT_OK(AsUser(a_, &Customers::SuspendCustomer, suspend));
  EXPECT_EQ(AsUser(a_, &Customers::ListCustomers, v1::ListCustomersRequest())->customers_size(), 1);

  v1::GetCollectionRequest get;
  get.set_collection("countries");
  ASSERT_OK_AND_ASSIGN(const v1::Collection countries,
                       AsUser(a_, &Collections::GetCollection, get));
  v1::UpdateCollectionRequest update;
  update.set_collection("countries");
  update.set_etag(countries.etag());
  update.set_display_name("Countries");
  *update.mutable_fields() = countries.fields();
  v1::Field& added = *update.add_fields();
  added.set_key("capital");
  added.set_type(v1::FIELD_TYPE_TEXT);
  EXPECT_OK(AsUser(a_, &Collections::UpdateCollection, update));
  EXPECT_OK(AsUser(a_, &Collections::ListCollections, v1::ListCollectionsRequest()));

  server_->assertions().RevocationsFresh();
  grpc::ClientContext in;
  in.set_deadline(absl::ToChronoTime(CallDeadline()));
  in.AddMetadata("authorization", "Bearer " + AssertionFor(a_));
  ::kasbah::tenantdata::v1::RecordService::Stub stub(ChannelOf("service/gateway"));
  const auto stream = stub.ImportRecords(&in);
  v1::ImportRecordsRequest message;
  message.mutable_start()->set_collection("countries");
  message.mutable_start()->set_format(v1::LINE_FORMAT_JSON_LINES);
  message.mutable_start()->set_import_id("0190a2c4-0000-4000-8000-0000000000aa");
  ASSERT_TRUE(stream->Write(message));
  message.Clear();
  message.set_data("{\"alpha_2\":\"PT\",\"name\":\"Portugal\",\"capital\":\"Lisboa\"}\n");
  ASSERT_TRUE(stream->Write(message));
  message.Clear();
  message.set_last(true);
  ASSERT_TRUE(stream->Write(message));
  stream->WritesDone();
  v1::ImportRecordsResponse said;
  while (stream->Read(&said)) EXPECT_FALSE(said.has_refused());
  EXPECT_OK(rpc::FromGrpcStatus(stream->Finish()));

  grpc::ClientContext out;
  out.set_deadline(absl::ToChronoTime(CallDeadline()));
  out.AddMetadata("authorization", "Bearer " + AssertionFor(a_));
  v1::ExportRecordsRequest all;
  all.set_collection("countries");
  all.set_format(v1::LINE_FORMAT_JSON_LINES);
  const auto reader = stub.ExportRecords(&out, all);
  std::string exported;
  v1::ExportRecordsResponse part;
  while (reader->Read(&part)) exported += part.data();
  EXPECT_OK(rpc::FromGrpcStatus(reader->Finish()));
  EXPECT_THAT(exported, HasSubstr("Lisboa"));
}

}  // namespace
}  // namespace kasbah::tenantdata
