#include <gmock/gmock.h>

#include "services/webhook/rpc/delivery_service.h"
#include "services/webhook/rpc/webhook_server_fixture.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::IsOk;
using ::kasbah::testing::ReasonIs;
using Stub = v1::DeliveryService::Stub;

class DeliveryServiceTest : public WebhookServerTest {
 protected:
  absl::StatusOr<v1::ListDeliveriesResponse> List(TenantId tenant,
                                                  const v1::ListDeliveriesRequest& request = {}) {
    return AsUser(tenant, &Stub::ListDeliveries, request);
  }
};

TEST_F(DeliveryServiceTest, PagesGoFromNewToOldAndMissNothing) {
  const EndpointId first = AddEndpoint(a_, "https://x");
  AddEndpoint(a_, "https://y");
  std::vector<Message> messages;
  for (int i = 0; i < 7; ++i) messages.push_back(NewMessage(a_));
  ASSERT_OK(FanOut(messages));
  for (const bool of_one : {false, true}) {
    v1::ListDeliveriesRequest request;
    request.set_page_size(3);
    if (of_one) request.set_endpoint_id(first.ToString());
    std::vector<std::pair<std::string, std::string>> seen;
    do {
      ASSERT_OK_AND_ASSIGN(const auto page, List(a_, request));
      for (const auto& delivery : page.deliveries()) {
        seen.emplace_back(delivery.message_id(), delivery.endpoint_id());
        EXPECT_EQ(delivery.state(), v1::Delivery::STATE_PENDING);
        EXPECT_EQ(delivery.event_type(), "record.created");
        EXPECT_TRUE(delivery.has_next_attempt_time());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(seen.size(), of_one ? 7u : 14u);
    EXPECT_TRUE(std::is_sorted(seen.rbegin(), seen.rend()));
  }
}

TEST_F(DeliveryServiceTest, ShowsWhatBecameOfEach) {
  const EndpointId endpoint = AddEndpoint(a_, "https://x");
  ASSERT_OK(FanOut({NewMessage(a_), NewMessage(a_), NewMessage(a_)}));
  auto claims = Claim();
  ASSERT_EQ(claims.size(), 3u);
  std::sort(claims.begin(), claims.end(),
            [](const auto& a, const auto& b) { return a.message > b.message; });
  ASSERT_OK(Complete(claims[0], Completion::Next::kDelivered));
  ASSERT_OK(Complete(claims[1], Completion::Next::kFailed));
  ASSERT_OK(Complete(claims[2], Completion::Next::kDropped));
  ASSERT_OK_AND_ASSIGN(const auto page, List(a_));
  ASSERT_EQ(page.deliveries_size(), 3);
  EXPECT_EQ(page.deliveries(0).state(), v1::Delivery::STATE_DELIVERED);
  EXPECT_EQ(page.deliveries(1).state(), v1::Delivery::STATE_FAILED);
  EXPECT_EQ(page.deliveries(2).state(), v1::Delivery::STATE_DROPPED);
  EXPECT_EQ(page.deliveries(0).attempts(), 1u);

  v1::ListAttemptsRequest request;
  EXPECT_THAT(AsUser(a_, &Stub::ListAttempts, request), ReasonIs("INVALID_FIELDS"));
  request.set_endpoint_id(endpoint.ToString());
  ASSERT_OK_AND_ASSIGN(const auto all, AsUser(a_, &Stub::ListAttempts, request));
  EXPECT_EQ(all.attempts_size(), 3);
  request.set_message_id(claims[1].message.ToString());
  ASSERT_OK_AND_ASSIGN(const auto one, AsUser(a_, &Stub::ListAttempts, request));
  ASSERT_EQ(one.attempts_size(), 1);
  EXPECT_EQ(one.attempts(0).http_status(), 500u);
  EXPECT_EQ(one.attempts(0).error(), "HTTP_STATUS");
  request.clear_endpoint_id();
  ASSERT_OK_AND_ASSIGN(const auto by_message, AsUser(a_, &Stub::ListAttempts, request));
  EXPECT_EQ(by_message.attempts_size(), 1);
  ASSERT_OK_AND_ASSIGN(const auto foreign, AsUser(b_, &Stub::ListAttempts, request));
  EXPECT_EQ(foreign.attempts_size(), 0);
}

TEST_F(DeliveryServiceTest, ASubjectsBodiesAreExportedAndErased) {
  AddEndpoint(a_, "https://x");
  Message message = NewMessage(a_);
  message.customer = CustomerId::New(absl::Now());
  ASSERT_OK(FanOut({message, NewMessage(a_)}));
  subject::v1::ExportSubjectRequest request;
  request.mutable_subject()->set_id(message.customer->ToString());
  using Subjects = subject::v1::SubjectService;
  ASSERT_OK_AND_ASSIGN(const auto exported,
                       As("service/tenant-data", a_, &Subjects::Stub::ExportSubject, request));
  ASSERT_EQ(exported.values_size(), 1);
  EXPECT_EQ(exported.values(0).column(), "webhook.messages.body");
  EXPECT_EQ(exported.values(0).value(), message.body);
  subject::v1::EraseSubjectRequest erase;
  *erase.mutable_subject() = request.subject();
  for (const uint64_t expected : {1u, 0u}) {
    ASSERT_OK_AND_ASSIGN(const auto erased,
                         As("service/tenant-data", a_, &Subjects::Stub::EraseSubject, erase));
    EXPECT_EQ(erased.erased().at("webhook.messages.body"), expected);
  }
  erase.mutable_subject()->set_id("jane@example.com");
  ASSERT_OK_AND_ASSIGN(const auto nobody,
                       As("service/tenant-data", a_, &Subjects::Stub::EraseSubject, erase));
  EXPECT_EQ(nobody.erased().at("webhook.messages.body"), 0u);
}

}  // namespace
}  // namespace kasbah::webhook
