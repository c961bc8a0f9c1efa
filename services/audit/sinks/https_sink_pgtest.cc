#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/audit/sinks/certificates_fixture.h"
#include "services/audit/sinks/sink_fixture.h"
#include "services/audit/sinks/tls_receiver_fixture.h"

namespace kasbah::audit {
namespace {

constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

bool IsWholeRequest(const std::string& bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  const size_t length = bytes.find("Content-Length: ");
  if (end == std::string::npos || length == std::string::npos) return false;
  return bytes.size() >= end + 4 + static_cast<size_t>(std::stol(bytes.substr(length + 16)));
}

class HttpsSinkTest : public SinkTest {
 protected:
  void SetUp() override {
    SinkTest::SetUp();
    certificates_.Issue("server", "IP:127.0.0.1");
  }
  Certificates certificates_;
};

// It took the batch, said so by half, and is gone: the batch comes again under the same id, by
// which one who keeps ids takes it once.
TEST_F(HttpsSinkTest, AnAnswerThatBreaksOffIsNone) {
  Log(Repeat(a_, 20));
  absl::Mutex mutex;
  std::vector<std::string> requests;
  TlsReceiver receiver(
      certificates_.Path("server.pem"), certificates_.Path("server.key"),
      [&](const TlsReceiver::Connection& connection) {
        const std::string request = connection.ReadAll(IsWholeRequest);
        if (!IsWholeRequest(request)) return;
        const absl::MutexLock lock(&mutex);
        requests.push_back(request);
        connection.Write(requests.size() == 1 ? "HTTP/1.1 200 OK\r\nContent-Le" : kOk);
      });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start({.workers = 2, .lease = absl::Seconds(60), .poll = absl::Milliseconds(10)},
        absl::Seconds(20), certificates_.Path("ca.pem"));
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 20;
  });
  const absl::MutexLock lock(&mutex);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0], requests[1]);
  EXPECT_NE(requests[0].find("idempotency-key: "), std::string::npos);
}

TEST_F(HttpsSinkTest, ACertificateOfNobodyWeTrustGetsNothing) {
  Log(Repeat(a_, 1));
  std::atomic<int> connections{0};
  TlsReceiver receiver(certificates_.Path("server.pem"), certificates_.Path("server.key"),
                       [&](const TlsReceiver::Connection&) { ++connections; });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "TLS_FAILED");
  EXPECT_EQ(connections, 0);
}

}  // namespace
}  // namespace kasbah::audit
