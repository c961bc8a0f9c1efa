#include <gmock/gmock.h>

#include <atomic>
#include <functional>

#include "absl/strings/str_cat.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/http/server.h"
#include "services/webhook/delivery/delivery_worker.h"
#include "services/webhook/delivery/gone_endpoint.h"
#include "services/webhook/store/webhook_fixture.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::IsOk;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

std::string Mac(const std::string& content) {
  return crypto::HmacSha256(crypto::SecretBytes::Copy(kSecret), content);
}

// Signs with one secret; can be away.
class TestSigner : public Signer {
 public:
  absl::StatusOr<std::vector<Signed>> Sign(const std::vector<ToSign>& items) override {
    ++calls;
    if (away) return absl::UnavailableError("no vault");
    std::vector<Signed> out;
    for (const ToSign& item : items) {
      EXPECT_EQ(item.sealed_secret, item.endpoint.ToString());
      out.push_back({Mac(item.standard), Mac(item.plain), absl::OkStatus()});
    }
    return out;
  }
  std::atomic<bool> away{false};
  std::atomic<int> calls{0};
};

// What a receiver was sent.
class Receiver {
 public:
  explicit Receiver(std::function<http::Response(const http::Request&)> answer, int port = 0)
      : server_(http::Server::Start(absl::StrCat("127.0.0.1:", port),
                                    [this, answer](const http::Request& request) {
                                      {
                                        absl::MutexLock lock(&mutex_);
                                        requests_.push_back(request);
                                      }
                                      return answer(request);
                                    })
                    .value()) {}
  std::vector<http::Request> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }
  int port() const { return server_->port(); }
  std::string url() const { return absl::StrCat("http://127.0.0.1:", server_->port(), "/hook"); }

 private:
  mutable absl::Mutex mutex_;
  std::vector<http::Request> requests_;
  std::unique_ptr<http::Server> server_;
};

http::Response Status(int status) { return http::Response{.status = status}; }
http::Response Accept(const http::Request&) { return Status(204); }

class DeliveryWorkerTest : public WebhookTest {
 protected:
  void TearDown() override { worker_.reset(); }

  void StartWorker(
      std::vector<absl::Duration> schedule = std::vector<absl::Duration>(9, absl::Milliseconds(20)),
      std::vector<std::string> allowed = {"127.0.0.0/8"}) {
    DeliveryOptions options;
    options.retries = RetryPolicy(std::move(schedule));
    options.timeout = absl::Seconds(5);
    options.http.allow_http = true;
    options.http.guard = http::AddressGuard::Create(allowed).value();
    worker_ = DeliveryWorker::Start(
                  std::move(options), *queue_, signer_,
                  [this](TenantId tenant, EndpointId endpoint) {
                    DisableGoneEndpoint(*database_, outbox_, Clock::Real(), "service/webhook",
                                        tenant, endpoint);
                  },
                  Clock::Real())
                  .value();
  }
  static void WaitFor(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (!condition()) {
      ASSERT_LT(absl::Now(), deadline) << "it never came true";
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
  bool AllInState(const std::string& state) {
    for (const Delivery& delivery : Deliveries(a_)) {
      if (delivery.state != state) return false;
    }
    return true;
  }

  TestSigner signer_;
  std::unique_ptr<DeliveryWorker> worker_;
};

TEST_F(DeliveryWorkerTest, DeliversOnceSignedPerStandardWebhooks) {
  Receiver receiver(Accept);
  const EndpointId endpoint = AddEndpoint(a_, receiver.url());
  const Message message = NewMessage(a_);
  ASSERT_OK(FanOut({message}));
  StartWorker();
  WaitFor([&] { return AllInState("delivered"); });
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 1u);
  const http::Request& request = requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook");
  EXPECT_EQ(request.body, message.body);
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("x-request-id"), "req-1");
  EXPECT_EQ(request.headers.at("traceparent").substr(0, 36), message.traceparent.substr(0, 36));
  const std::string id = request.headers.at("webhook-id");
  const std::string time = request.headers.at("webhook-timestamp");
  EXPECT_EQ(id, message.id.ToString());
  EXPECT_EQ(request.headers.at("webhook-signature"),
            "v1," + crypto::Base64(Mac(id + "." + time + "." + message.body)));
  EXPECT_EQ(request.headers.at("x-kasbah-signature"),
            "t=" + time + ",v1=" + crypto::Hex(Mac(time + "." + message.body)));
  ASSERT_EQ(Attempts(a_, endpoint).size(), 1u);
  EXPECT_EQ(Attempts(a_, endpoint)[0].http_status, 204);
  EXPECT_EQ(Attempts(a_, endpoint)[0].error, "");
  EXPECT_EQ(Queued(), 0);
}

TEST_F(DeliveryWorkerTest, AReceiverThatWasDownGetsItWhenItIsBack) {
  int port;
  {
    Receiver probe(Accept);
    port = probe.port();
  }
  const EndpointId endpoint = AddEndpoint(a_, absl::StrCat("http://127.0.0.1:", port, "/hook"));
  ASSERT_OK(FanOut({NewMessage(a_)}));
  StartWorker();
  WaitFor([&] { return Attempts(a_, endpoint).size() >= 2; });
  EXPECT_EQ(Attempts(a_, endpoint)[0].error, "CONNECT_REFUSED");
  EXPECT_EQ(Attempts(a_, endpoint)[0].http_status, 0);
  Receiver receiver(Accept, port);
  WaitFor([&] { return AllInState("delivered"); });
  EXPECT_EQ(receiver.requests().size(), 1u);
}

TEST_F(DeliveryWorkerTest, EveryAttemptCarriesTheSameIdAndBytes) {
  std::atomic<int> calls{0};
  Receiver receiver([&](const http::Request&) { return Status(++calls < 3 ? 500 : 200); });
  const EndpointId endpoint = AddEndpoint(a_, receiver.url());
  ASSERT_OK(FanOut({NewMessage(a_)}));
  StartWorker();
  WaitFor([&] { return AllInState("delivered"); });
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 3u);
  for (const http::Request& request : requests) {
    EXPECT_EQ(request.headers.at("webhook-id"), requests[0].headers.at("webhook-id"));
    EXPECT_EQ(request.body, requests[0].body);
  }
  const auto attempts = Attempts(a_, endpoint);
  ASSERT_EQ(attempts.size(), 3u);
  EXPECT_EQ(attempts[0].number, 3);
  EXPECT_EQ(attempts[1].error, "HTTP_STATUS");
  EXPECT_EQ(attempts[1].http_status, 500);
}

TEST_F(DeliveryWorkerTest, WhatNobodyRecordedIsSentAgainUnderTheSameId) {
  Receiver receiver(Accept);
  AddEndpoint(a_, receiver.url());
  const Message message = NewMessage(a_);
  ASSERT_OK(FanOut({message}));
  // A worker that sent it and died before it could say so.
  ASSERT_EQ(Claim().size(), 1u);
  StartWorker();
  MakeAllDue();
  WaitFor([&] { return AllInState("delivered"); });
  ASSERT_EQ(receiver.requests().size(), 1u);
  EXPECT_EQ(receiver.requests()[0].headers.at("webhook-id"), message.id.ToString());
  EXPECT_EQ(Deliveries(a_)[0].attempts, 2);
}

TEST_F(DeliveryWorkerTest, FailsForGoodWhenTheScheduleIsSpent) {
  Receiver receiver([](const http::Request&) { return Status(302); });
  const EndpointId endpoint = AddEndpoint(a_, receiver.url());
  ASSERT_OK(FanOut({NewMessage(a_)}));
  StartWorker({absl::Milliseconds(10), absl::Milliseconds(10)});
  WaitFor([&] { return AllInState("failed"); });
  EXPECT_EQ(Attempts(a_, endpoint).size(), 3u);
  EXPECT_EQ(Deliveries(a_)[0].attempts, 3);
  EXPECT_EQ(Queued(), 0);
}

TEST_F(DeliveryWorkerTest, AWorkerThatKeepsDyingDoesNotTryForEver) {
  Receiver receiver(Accept);
  AddEndpoint(a_, receiver.url());
  ASSERT_OK(FanOut({NewMessage(a_)}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Claim().size(), 1u);
    MakeAllDue();
  }
  StartWorker({absl::Milliseconds(10), absl::Milliseconds(10)});
  WaitFor([&] { return AllInState("failed"); });
  EXPECT_TRUE(receiver.requests().empty());
}

TEST_F(DeliveryWorkerTest, WithoutTheVaultNothingIsSentAndNoAttemptUsedUp) {
  Receiver receiver(Accept);
  AddEndpoint(a_, receiver.url());
  ASSERT_OK(FanOut({NewMessage(a_), NewMessage(a_)}));
  signer_.away = true;
  StartWorker();
  WaitFor([&] { return signer_.calls >= 3; });
  EXPECT_TRUE(receiver.requests().empty());
  signer_.away = false;
  WaitFor([&] { return AllInState("delivered"); });
  EXPECT_EQ(receiver.requests().size(), 2u);
  for (const Delivery& delivery : Deliveries(a_)) EXPECT_EQ(delivery.attempts, 1);
}

TEST_F(DeliveryWorkerTest, GoneDisablesTheEndpointAndDropsWhatWaits) {
  Receiver receiver([](const http::Request&) { return Status(410); });
  const EndpointId endpoint = AddEndpoint(a_, receiver.url());
  ASSERT_OK(FanOut({NewMessage(a_)}));
  StartWorker();
  WaitFor([&] { return test_->QueryValue("SELECT state FROM webhook.endpoints") == "disabled"; });
  EXPECT_TRUE(AllInState("dropped"));
  EXPECT_EQ(Attempts(a_, endpoint)[0].http_status, 410);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.outbox WHERE topic = 'audit' AND "
                              "position('endpoint.disable'::bytea IN payload) > 0"),
            "1");
}

TEST_F(DeliveryWorkerTest, ABlockedAddressIsAnAttemptThatSaysSo) {
  Receiver receiver(Accept);
  const EndpointId endpoint = AddEndpoint(a_, receiver.url());
  ASSERT_OK(FanOut({NewMessage(a_)}));
  StartWorker({absl::Milliseconds(10)}, /*allowed=*/{});
  WaitFor([&] { return AllInState("failed"); });
  EXPECT_EQ(Attempts(a_, endpoint)[0].error, "ADDRESS_BLOCKED");
  EXPECT_TRUE(receiver.requests().empty());
}

TEST_F(DeliveryWorkerTest, ManyDeliveriesOfManyEndpointsArriveOnceEach) {
  Receiver receiver(Accept);
  for (int i = 0; i < 3; ++i) AddEndpoint(a_, receiver.url());
  std::vector<Message> messages;
  for (int i = 0; i < 100; ++i) messages.push_back(NewMessage(a_));
  StartWorker();
  ASSERT_OK(FanOut(messages));
  worker_->Wake();
  WaitFor([&] { return Queued() == 0; });
  EXPECT_TRUE(AllInState("delivered"));
  EXPECT_EQ(receiver.requests().size(), 300u);
  // Batched: far fewer than one call a delivery.
  EXPECT_LT(signer_.calls, 150);
}

TEST_F(DeliveryWorkerTest, ASuspendedTenantsDeliveriesWait) {
  Receiver receiver(Accept);
  AddEndpoint(a_, receiver.url());
  const EndpointId other = AddEndpoint(b_, receiver.url());
  test_->SetTenantState(a_, "suspended");
  ASSERT_OK(FanOut({NewMessage(a_), NewMessage(b_)}));
  StartWorker();
  WaitFor([&] { return Attempts(b_, other).size() == 1; });
  EXPECT_EQ(receiver.requests().size(), 1u);
  EXPECT_EQ(Queued(), 1);
  test_->SetTenantState(a_, "active");
  WaitFor([&] { return Queued() == 0; });
  EXPECT_TRUE(AllInState("delivered"));
}

}  // namespace
}  // namespace kasbah::webhook
