#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::ReasonIs;
using Stub = v1::SecretService::Stub;

class KeptValuesTest : public VaultServerTest {
 protected:
  static v1::KeepValuesRequest Request(const std::string& payload = "hunter2") {
    v1::KeepValuesRequest request;
    request.set_actor_kind("api_key");
    request.set_actor_id("key_01h45ytscbebyvny4gc8cr8ma2");
    request.set_request_id("r-1");
    for (const char* path : {"ci/r-1/1", "ci/r-1/2"}) {
      auto* value = request.add_values();
      value->set_path(path);
      value->set_payload(payload + path);
    }
    return request;
  }
  absl::StatusOr<v1::KeepValuesResponse> Keep(const v1::KeepValuesRequest& request,
                                              const std::string& peer = "service/webhook") {
    return As(peer, a_, &Stub::KeepValues, request);
  }
};

TEST_F(KeptValuesTest, EachValueIsASecretOfWhoSentIt) {
  ASSERT_OK_AND_ASSIGN(const auto kept, Keep(Request()));
  ASSERT_EQ(kept.secret_ids_size(), 2);
  v1::AccessSecretVersionRequest access;
  access.set_secret(kept.secret_ids(1));
  ASSERT_OK_AND_ASSIGN(const auto value, AsProgram(a_, &Stub::AccessSecretVersion, access));
  EXPECT_EQ(value.payload(), "hunter2ci/r-1/2");
  EXPECT_EQ(value.version().created_by(), "key_01h45ytscbebyvny4gc8cr8ma2");
}

TEST_F(KeptValuesTest, TheSameRequestAgainMakesNothingTwice) {
  ASSERT_OK_AND_ASSIGN(const auto first, Keep(Request()));
  ASSERT_OK_AND_ASSIGN(const auto again, Keep(Request()));
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.secret_versions"), "2");
  EXPECT_THAT(Keep(Request("other")), ReasonIs("REQUEST_ID_REUSED"));
}

TEST_F(KeptValuesTest, APathThatIsTakenIsNotWrittenTo) {
  ASSERT_OK(Keep(Request()));
  v1::KeepValuesRequest request = Request();
  request.set_request_id("r-2");
  EXPECT_THAT(Keep(request), ReasonIs("ALREADY_EXISTS"));
}

TEST_F(KeptValuesTest, OnlyServicesThatTakePayloadsMayAsk) {
  EXPECT_THAT(Keep(Request(), "service/gateway"), ReasonIs("PEER_NOT_ALLOWED"));
}

}  // namespace
}  // namespace kasbah::vault
