#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "libs/crypto/encoding.h"
#include "libs/dev/process.h"
#include "services/audit/formats/format_fixture.h"
#include "services/audit/sinks/certificates_fixture.h"
#include "services/audit/sinks/sink_fixture.h"

// Against rsyslog with TLS, from Debian's packages rsyslog and rsyslog-openssl.

namespace kasbah::audit {
namespace {

using nlohmann::json;

constexpr char kBinary[] = "/usr/sbin/rsyslogd";
constexpr char kTlsDriver[] = "/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so";

// What stands in its file: each message taken apart by rsyslog, as JSON.
class Rsyslog {
 public:
  Rsyslog(const Certificates& certificates, bool asks_for_certificate)
      : certificates_(certificates) {
    certificates.Issue("rsyslog", "IP:127.0.0.1");
    const auto path = [&](const std::string& name) { return certificates.Path(name); };
    std::ofstream(path("rsyslog.conf"))
        << "global(workDirectory=\"" << certificates.directory() << "\"\n"
        << "  defaultNetstreamDriver=\"ossl\"\n"
        << "  defaultNetstreamDriverCAFile=\"" << path("ca.pem") << "\"\n"
        << "  defaultNetstreamDriverCertFile=\"" << path("rsyslog.pem") << "\"\n"
        << "  defaultNetstreamDriverKeyFile=\"" << path("rsyslog.key") << "\")\n"
        << "module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\"\n"
        << "  streamDriver.authMode=\"" << (asks_for_certificate ? "x509/certvalid" : "anon")
        << "\")\n"
        << "module(load=\"mmpstrucdata\")\n"
        << "template(name=\"whole\" type=\"string\" string=\"%jsonmesg%\\n\")\n"
        << "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"0\" listenPortFileName=\""
        << path("port") << "\")\n"
        << "action(type=\"mmpstrucdata\" sd_name.lowercase=\"off\")\n"
        << "action(type=\"omfile\" file=\"" << path("out") << "\" template=\"whole\")\n";
    Start();
  }

  void Start() {
    std::filesystem::remove(certificates_.Path("port"));
    auto process =
        dev::Process::Spawn({.arguments = {kBinary, "-n", "-f", certificates_.Path("rsyslog.conf"),
                                           "-i", certificates_.Path("pid")}});
    KASBAH_CHECK(process.ok());
    process_ = std::make_unique<dev::Process>(*std::move(process));
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (port() == 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
    KASBAH_CHECK(port() != 0);
  }
  // As its administrator does: what it has read, it writes.
  void Stop() {
    process_->Signal(SIGTERM);
    KASBAH_CHECK(process_->Wait(absl::Now() + absl::Seconds(30)).has_value());
  }

  int port() const {
    int port = 0;
    std::ifstream(certificates_.Path("port")) >> port;
    return port;
  }
  std::vector<json> messages() const {
    std::vector<json> messages;
    std::ifstream file(certificates_.Path("out"));
    for (std::string line; std::getline(file, line);) {
      json message = json::parse(line, nullptr, false);
      // The last may be on its way into the file.
      if (!message.is_discarded()) messages.push_back(std::move(message));
    }
    return messages;
  }
  static const json& DataOf(const json& message) {
    return message.at("$!").at("rfc5424-sd").at("kasbah@32473");
  }
  std::vector<uint64_t> sequences() const {
    std::vector<uint64_t> sequences;
    for (const json& message : messages()) {
      sequences.push_back(std::stoull(DataOf(message).at("seq").get<std::string>()));
    }
    return sequences;
  }

 private:
  const Certificates& certificates_;
  std::unique_ptr<dev::Process> process_;
};

class RsyslogTest : public SinkTest {
 protected:
  void SetUp() override {
    if (!dev::FileExists(kBinary) || !dev::FileExists(kTlsDriver)) {
      GTEST_SKIP() << "not run: Debian's rsyslog and rsyslog-openssl are not installed "
                      "(scripts/install-deps.sh)";
    }
    SinkTest::SetUp();
  }
  v1::Sink Target(const Rsyslog& rsyslog) const {
    v1::Sink target;
    target.mutable_syslog()->set_host("127.0.0.1");
    target.mutable_syslog()->set_port(static_cast<uint32_t>(rsyslog.port()));
    target.mutable_syslog()->set_ca_certificates(certificates_.Text("ca.pem"));
    return target;
  }

  Certificates certificates_;
};

TEST_F(RsyslogTest, EveryEventArrivesInOrderWithItsStructuredData) {
  const Rsyslog rsyslog(certificates_, false);
  Log(Repeat(a_, 1200));
  const SinkId sink = Add(a_, Target(rsyslog));
  Start();
  WaitUntilAt(a_, sink, 1200);
  WaitFor([&] { return rsyslog.sequences().size() >= 1200; });
  EXPECT_EQ(rsyslog.sequences(), UpTo(1200));
  const json first = rsyslog.messages()[0];
  EXPECT_EQ(first.at("app-name"), "kasbah-audit");
  EXPECT_EQ(first.at("hostname"), "audit-0");
  EXPECT_EQ(first.at("msgid"), "secret.create");
  EXPECT_EQ(first.at("syslogfacility"), "13");
  EXPECT_EQ(first.at("syslogseverity"), "6");
  const json& data = Rsyslog::DataOf(first);
  EXPECT_EQ(data.at("tenant"), a_.ToString());
  EXPECT_EQ(data.at("actorId"), "usr_ada");
  EXPECT_EQ(data.at("ip"), "192.0.2.1");
  EXPECT_EQ(data.at("outcome"), "SUCCESS");
}

TEST_F(RsyslogTest, WhatSomebodyWroteIntoAnEventStaysInItsParameter) {
  const Rsyslog rsyslog(certificates_, false);
  std::vector<std::string> values;
  Events events;
  for (const std::string& value : HostileValues()) {
    // What an event can be given at all: ids of valid UTF-8 without zero bytes, to 1 KiB.
    if (value.size() > 700 || value.starts_with("bad utf-8") ||
        value.find('\0') != std::string::npos) {
      continue;
    }
    values.push_back(value);
    events.push_back({a_, Event("secret.create", value)});
  }
  Log(events);
  const SinkId sink = Add(a_, Target(rsyslog));
  Start();
  WaitUntilAt(a_, sink, values.size());
  WaitFor([&] { return rsyslog.messages().size() >= values.size(); });
  const std::vector<json> messages = rsyslog.messages();
  ASSERT_EQ(messages.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const json& data = Rsyslog::DataOf(messages[i]);
    EXPECT_EQ(data.at("seq"), StrCat(i));
    EXPECT_EQ(data.at("outcome"), "SUCCESS");
    if (IsOneCleanLine(values[i])) {
      EXPECT_EQ(data.at("actorId"), values[i]);
    }
  }
}

TEST_F(RsyslogTest, OneThatIsRestartedMissesNothing) {
  Rsyslog rsyslog(certificates_, false);
  Log(Repeat(a_, 3000));
  const SinkId sink = Add(a_, Target(rsyslog));
  Start();
  WaitFor([&] { return Get(a_, sink).next >= 500; });
  rsyslog.Stop();
  WaitFor([&] { return Get(a_, sink).failures >= 1 || Get(a_, sink).next == 3000; });
  Log(Repeat(a_, 500));
  rsyslog.Start();
  // It listens at another port now.
  test_->Execute("UPDATE audit.sink SET target = '\\x" +
                 crypto::Hex(Target(rsyslog).SerializeAsString()) + "'");
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 3500;
  });
  WaitFor([&] { return rsyslog.sequences().back() == 3499; });
  std::vector<uint64_t> sequences = rsyslog.sequences();
  // What came twice is the window that it broke off.
  EXPECT_LE(sequences.size(), 3500u + 500u);
  std::sort(sequences.begin(), sequences.end());
  sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
  EXPECT_EQ(sequences, UpTo(3500));
}

TEST_F(RsyslogTest, OneThatAsksForACertificateGetsIt) {
  const Rsyslog rsyslog(certificates_, true);
  certificates_.Issue("client", "DNS:client");
  Log(Repeat(a_, 3));
  v1::Sink target = Target(rsyslog);
  const SinkId without = Add(a_, target);
  Start();
  WaitFor([&] { return Get(a_, without).failures >= 1; });
  EXPECT_EQ(Get(a_, without).next, 0u);
  target.mutable_syslog()->set_client_certificate(certificates_.Text("client.pem"));
  const SinkId with = Add(a_, target, {}, certificates_.Text("client.key"));
  WaitUntilAt(a_, with, 3);
  WaitFor([&] { return rsyslog.sequences().size() >= 3; });
  EXPECT_EQ(rsyslog.sequences(), UpTo(3));
}

TEST_F(RsyslogTest, CefIsTheMessage) {
  const Rsyslog rsyslog(certificates_, false);
  Log({{a_, Event()}});
  v1::Sink target = Target(rsyslog);
  target.mutable_syslog()->set_format(v1::EXPORT_FORMAT_CEF);
  const SinkId sink = Add(a_, target);
  Start();
  WaitUntilAt(a_, sink, 1);
  WaitFor([&] { return !rsyslog.messages().empty(); });
  const std::string message = rsyslog.messages()[0].at("msg");
  EXPECT_NE(message.find("CEF:0|Kasbah|audit|1|secret.create|"), std::string::npos) << message;
}

}  // namespace
}  // namespace kasbah::audit
