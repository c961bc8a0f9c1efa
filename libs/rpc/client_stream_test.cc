#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kasbah/testing/v1/streams.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/rpc/rpc_fixture.h"

namespace kasbah::rpc {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::v1::AddRequest;
using testing::v1::AddResponse;
using testing::v1::AddUpRequest;
using testing::v1::AddUpResponse;

class StreamService final : public testing::v1::StreamService::CallbackService {
 public:
  StreamService(Pipeline& pipeline, StreamLimits limits) : pipeline_(pipeline), limits_(limits) {}

  grpc::ServerReadReactor<AddRequest>* Add(grpc::CallbackServerContext* context,
                                           AddResponse* reply) override {
    return pipeline_.RunClientStream(context, reply, &StreamService::Sum, this, limits_);
  }
  grpc::ServerBidiReactor<AddUpRequest, AddUpResponse>* AddUp(
      grpc::CallbackServerContext* context) override {
    return pipeline_.RunBidiStream(context, &StreamService::SumUp, this, limits_);
  }

  absl::Notification first;
  absl::Notification ended;
  absl::Status last;

 private:
  absl::StatusOr<AddResponse> Sum(const Call&, StreamReader<AddRequest>& reader) {
    AddResponse reply;
    while (true) {
      auto request = reader.Read();
      if (!request.ok()) {
        // What ended a stream is what each further Read says.
        if (!absl::IsInvalidArgument(request.status())) {
          EXPECT_EQ(reader.Read().status(), request.status());
        }
        last = request.status();
        ended.Notify();
        return last;
      }
      if (*request == nullptr) return reply;
      if (!first.HasBeenNotified()) first.Notify();
      reply.set_sum(reply.sum() + (*request)->number());
    }
  }
  absl::Status SumUp(const Call&, StreamReader<AddUpRequest>& reader,
                     StreamWriter<AddUpResponse>& writer) {
    AddUpResponse reply;
    while (true) {
      ASSIGN_OR_RETURN(const AddUpRequest* request, reader.Read());
      if (request == nullptr) return absl::OkStatus();
      reply.set_sum(reply.sum() + request->number());
      RETURN_IF_ERROR(writer.Write(reply));
    }
  }

  Pipeline& pipeline_;
  const StreamLimits limits_;
};

class ClientStreamTest : public RpcTest {
 protected:
  void Start(StreamLimits limits = {}) {
    Server::Options options;
    options.name = "kasbah-test";
    options.config = config_;
    options.descriptors = {AddRequest::descriptor()->file()->service(0)};
    options.decisions = &refusals_;
    options.own_jwks = [] { return R"({"keys":[]})"; };
    ASSERT_OK_AND_ASSIGN(server_, Server::Create(std::move(options)));
    service_ = std::make_unique<StreamService>(server_->pipeline(), limits);
    ASSERT_OK(server_->Start({service_.get()}, nullptr));
    server_->assertions().RevocationsFresh();
  }
  void TearDown() override {
    server_.reset();
    RpcTest::TearDown();
  }

  std::unique_ptr<grpc::ClientWriter<AddRequest>> Open(const std::string& client = kOperator) {
    stub_ = testing::v1::StreamService::NewStub(Client(client));
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    return stub_->Add(context_.get(), &reply_);
  }
  static AddRequest Number(uint32_t number, size_t padding = 0) {
    AddRequest request;
    request.set_number(number);
    request.set_padding(std::string(padding, 'x'));
    return request;
  }

  std::unique_ptr<StreamService> service_;
  std::unique_ptr<testing::v1::StreamService::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  AddResponse reply_;
};

TEST_F(ClientStreamTest, TheHandlerReadsEveryMessageAndAnswersOnce) {
  Start();
  auto writer = Open();
  for (uint32_t i = 1; i <= 100; ++i) ASSERT_TRUE(writer->Write(Number(i, 50'000)));
  writer->WritesDone();
  EXPECT_OK(FromGrpcStatus(writer->Finish()));
  EXPECT_EQ(reply_.sum(), 5050u);
  writer = Open();
  writer->WritesDone();
  EXPECT_OK(FromGrpcStatus(writer->Finish()));
}

TEST_F(ClientStreamTest, EachMessageIsCheckedByItsRules) {
  Start();
  auto writer = Open();
  writer->Write(Number(1));
  writer->Write(Number(1001));
  writer->WritesDone();
  const absl::Status status = FromGrpcStatus(writer->Finish());
  EXPECT_THAT(status, ReasonIs("INVALID_FIELDS"));
  ASSERT_EQ(DetailsOf(status).violations.size(), 1u);
  EXPECT_EQ(DetailsOf(status).violations[0].field, "number");
}

TEST_F(ClientStreamTest, WhoMayNotCallIsRefusedBeforeAnythingIsRead) {
  Start();
  auto writer = Open(kGateway);
  writer->Write(Number(1));
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), ReasonIs("PEER_NOT_ALLOWED"));
  EXPECT_FALSE(service_->first.HasBeenNotified());
  EXPECT_THAT(refusals_.Take(),
              ElementsAre("kasbah.testing.v1.StreamService/Add service/gateway PEER_NOT_ALLOWED"));
}

TEST_F(ClientStreamTest, MoreBytesThanItMayCarryEndIt) {
  Start({.max_bytes = 100'000});
  auto writer = Open();
  while (writer->Write(Number(1, 10'000))) {
  }
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), ReasonIs("STREAM_TOO_LARGE"));
}

TEST_F(ClientStreamTest, ASilentClientIsNotWaitedForForever) {
  Start({.idle = absl::Milliseconds(30)});
  auto writer = Open();
  writer->Write(Number(1));
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), ReasonIs("STREAM_IDLE"));
}

TEST_F(ClientStreamTest, AStreamHasAnEndHoweverBusyItIs) {
  Start({.longest = absl::Milliseconds(50)});
  auto writer = Open();
  while (writer->Write(Number(0))) {
  }
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), ReasonIs("DEADLINE_EXCEEDED"));
}

TEST_F(ClientStreamTest, AClientThatLeavesWakesTheHandler) {
  Start();
  auto writer = Open();
  writer->Write(Number(1));
  service_->first.WaitForNotification();
  context_->TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ClientStreamTest, ADrainingServerEndsTheStream) {
  Start();
  auto writer = Open();
  writer->Write(Number(1));
  service_->first.WaitForNotification();
  server_->pipeline().Drain();
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), ReasonIs("DRAINING"));
  service_->ended.WaitForNotification();
  EXPECT_TRUE(absl::IsCancelled(service_->last));
}

TEST_F(ClientStreamTest, BothDirectionsAtOnce) {
  Start();
  stub_ = testing::v1::StreamService::NewStub(Client(kOperator));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  auto stream = stub_->AddUp(&context);
  std::vector<uint32_t> sums;
  for (const uint32_t number : {1u, 20u, 300u}) {
    AddUpRequest request;
    request.set_number(number);
    ASSERT_TRUE(stream->Write(request));
    AddUpResponse reply;
    ASSERT_TRUE(stream->Read(&reply));
    sums.push_back(reply.sum());
  }
  stream->WritesDone();
  EXPECT_OK(FromGrpcStatus(stream->Finish()));
  EXPECT_THAT(sums, ElementsAre(1, 21, 321));
}

}  // namespace
}  // namespace kasbah::rpc
