#include "services/audit/sinks/tls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/http/client.h"
#include "libs/testing/status_matchers.h"
#include "services/audit/sinks/certificates_fixture.h"
#include "services/audit/sinks/tls_context.h"
#include "services/audit/sinks/tls_receiver_fixture.h"

namespace kasbah::audit {
namespace {

using ::kasbah::testing::ReasonIs;
namespace reason = http::reason;

class TlsStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    certificates_.Issue("server", "IP:127.0.0.1,DNS:localhost");
    certificates_.Issue("client", "DNS:client");
  }
  std::unique_ptr<TlsReceiver> Receiver(TlsReceiver::Manner manner, const std::string& ca = "",
                                        int version = TLS1_3_VERSION) {
    return std::make_unique<TlsReceiver>(certificates_.Path("server.pem"),
                                         certificates_.Path("server.key"), std::move(manner), ca,
                                         version);
  }
  TlsReceiver::Manner KeepsWhatItReads() {
    return [this](const TlsReceiver::Connection& connection) {
      const std::string bytes = connection.ReadAll();
      const absl::MutexLock lock(&mutex_);
      received_ += bytes;
    };
  }
  absl::Status SendTo(const TlsReceiver& receiver, std::string_view bytes,
                      const std::string& host = "127.0.0.1", bool trusted = true,
                      const std::string& client = "",
                      const std::vector<std::string>& allowed = {"127.0.0.0/8"}) {
    const auto context = MakeSslContext(trusted ? certificates_.Text("ca.pem") : "",
                                        client.empty() ? "" : certificates_.Text(client + ".pem"),
                                        client.empty() ? "" : certificates_.Text(client + ".key"));
    if (!context.ok()) return context.status();
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    const auto stream = TlsStream::Dial(context->get(), host, receiver.port(),
                                        http::AddressGuard::Create(allowed).value(), deadline);
    if (!stream.ok()) return stream.status();
    const absl::Status written = (*stream)->Write(bytes, deadline);
    return written.ok() ? (*stream)->Finish(deadline) : written;
  }

  Certificates certificates_;
  absl::Mutex mutex_;
  std::string received_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(TlsStreamTest, EverythingArrives) {
  const std::string bytes(3 << 20, 'x');
  {
    const auto receiver = Receiver(KeepsWhatItReads());
    EXPECT_OK(SendTo(*receiver, bytes));
    EXPECT_OK(SendTo(*receiver, "y", "localhost"));
  }
  const absl::MutexLock lock(&mutex_);
  EXPECT_EQ(received_, bytes + "y");
}

TEST_F(TlsStreamTest, OneWhoKeepsTheConnectionHasTakenItToo) {
  absl::Notification over;
  const auto receiver = Receiver([&](const TlsReceiver::Connection& connection) {
    connection.ReadAll([](const std::string& bytes) { return bytes == "all of it"; });
    over.WaitForNotification();
  });
  EXPECT_OK(SendTo(*receiver, "all of it"));
  over.Notify();
}

TEST_F(TlsStreamTest, OneWhoBreaksOffHasNot) {
  const auto receiver = Receiver([](const TlsReceiver::Connection& connection) {
    connection.ReadAll([](const std::string& bytes) { return bytes.size() > 1000; });
    connection.Reset();
  });
  EXPECT_FALSE(SendTo(*receiver, std::string(8 << 20, 'x')).ok());
}

TEST_F(TlsStreamTest, ItsNameAndIssuerAreVerified) {
  certificates_.Issue("server", "DNS:logs.example.com");
  const auto receiver = Receiver(KeepsWhatItReads());
  EXPECT_THAT(SendTo(*receiver, "x"), ReasonIs(reason::kTlsFailed));
  EXPECT_THAT(SendTo(*receiver, "x", "localhost"), ReasonIs(reason::kTlsFailed));
  certificates_.Issue("server", "IP:127.0.0.1");
  const auto named = Receiver(KeepsWhatItReads());
  EXPECT_OK(SendTo(*named, "x"));
  EXPECT_THAT(SendTo(*named, "x", "127.0.0.1", false), ReasonIs(reason::kTlsFailed));
}

TEST_F(TlsStreamTest, OldTlsIsRefused) {
  const auto receiver = Receiver(KeepsWhatItReads(), "", TLS1_1_VERSION);
  EXPECT_THAT(SendTo(*receiver, "x"), ReasonIs(reason::kTlsFailed));
}

TEST_F(TlsStreamTest, AReceiverThatAsksForACertificateGetsOurs) {
  const auto receiver = Receiver(KeepsWhatItReads(), certificates_.Path("ca.pem"));
  EXPECT_OK(SendTo(*receiver, "x", "127.0.0.1", true, "client"));
  EXPECT_FALSE(SendTo(*receiver, "y").ok());
  const absl::MutexLock lock(&mutex_);
  EXPECT_EQ(received_, "x");
}

TEST_F(TlsStreamTest, AddressesThatAreNotAllowedAreNotDialled) {
  const auto receiver = Receiver(KeepsWhatItReads());
  EXPECT_THAT(SendTo(*receiver, "x", "127.0.0.1", true, "", {}), ReasonIs(reason::kAddressBlocked));
  EXPECT_THAT(SendTo(*receiver, "x", "localhost", true, "", {}), ReasonIs(reason::kAddressBlocked));
}

TEST_F(TlsStreamTest, CertificatesAndKeysThatAreNoneAreNamed) {
  const std::string ca = certificates_.Text("ca.pem");
  const std::string own = certificates_.Text("client.pem");
  const auto fields = [](const absl::StatusOr<SslContext>& context) {
    return context.ok() ? "" : DetailsOf(context.status()).violations.front().field;
  };
  EXPECT_EQ(fields(MakeSslContext("nonsense", "", "")), "syslog.ca_certificates");
  EXPECT_EQ(fields(MakeSslContext(ca, "nonsense", "")), "syslog.client_certificate");
  EXPECT_EQ(fields(MakeSslContext(ca, own, "nonsense")), "syslog.client_key");
  EXPECT_EQ(fields(MakeSslContext(ca, own, certificates_.Text("server.key"))), "syslog.client_key");
  EXPECT_EQ(fields(MakeSslContext(ca, own, certificates_.Text("client.key"))), "");
}

}  // namespace
}  // namespace kasbah::audit
