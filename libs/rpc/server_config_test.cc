#include <gmock/gmock.h>

#include <fstream>

#include "libs/rpc/rpc_fixture.h"

namespace kasbah::rpc {
namespace {

using ::testing::HasSubstr;

class ServerConfigTest : public RpcTest {
 protected:
  absl::StatusOr<ServerConfig> Load(const std::string& settings) {
    const std::string path = directory_ + "/server.yaml";
    std::ofstream(path) << "tls_directory: /tls\ntrust_domain: kasbah.dev\n" << settings;
    ServerConfig config;
    const absl::Status loaded =
        config::Load(path, [&config](config::Section& root) { config.Read(root); });
    if (!loaded.ok()) return loaded;
    return config;
  }
};

TEST_F(ServerConfigTest, AConnectionLivesAsLongAsTheSettingsSay) {
  ASSERT_OK_AND_ASSIGN(const ServerConfig usual, Load(""));
  EXPECT_EQ(usual.max_connection_age, absl::Minutes(30));
  EXPECT_EQ(usual.max_connection_age_grace, absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const ServerConfig set,
                       Load("max_connection_age: 2h\nmax_connection_age_grace: 10m\n"));
  EXPECT_EQ(set.max_connection_age, absl::Hours(2));
  EXPECT_EQ(set.max_connection_age_grace, absl::Minutes(10));
}

TEST_F(ServerConfigTest, AnAgeThatIsNoneIsRefusedWithItsBounds) {
  EXPECT_THAT(Load("max_connection_age: 9s\n").status().ToString(),
              HasSubstr("max_connection_age: must be from 10s to 24h"));
  EXPECT_THAT(Load("max_connection_age: 25h\n").status().ToString(), HasSubstr("to 24h"));
  EXPECT_THAT(Load("max_connection_age_grace: 0\n").status().ToString(),
              HasSubstr("max_connection_age_grace: must be from 1s to 1h"));
  EXPECT_THAT(Load("max_connection_age_grace: 61m\n").status().ToString(), HasSubstr("to 1h"));
}

TEST_F(ServerConfigTest, AnOldConnectionIsReplacedWithoutAFailedCall) {
  config_.max_connection_age = absl::Milliseconds(500);
  StartServer();
  const auto channel = Client(kWebhook);
  ASSERT_OK(Ping(channel));
  // It says goodbye to an idle client: with the usual age not before half an hour has gone.
  EXPECT_TRUE(channel->WaitForStateChange(GRPC_CHANNEL_READY,
                                          absl::ToChronoTime(absl::Now() + absl::Seconds(20))));
  EXPECT_OK(Ping(channel));
}

TEST_F(ServerConfigTest, WhatIsUnderWayIsCutOffAfterTheGrace) {
  config_.max_connection_age = absl::Milliseconds(500);
  config_.max_connection_age_grace = absl::Milliseconds(500);
  StartServer();
  const auto stub = auth::v1::TrustService::NewStub(Client(kWebhook));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  const auto reader = stub->WatchRevocations(&context, auth::v1::WatchRevocationsRequest());
  auth::v1::WatchRevocationsResponse message;
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace kasbah::rpc
