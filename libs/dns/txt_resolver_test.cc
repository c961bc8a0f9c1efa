#include "libs/dns/txt_resolver.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/dns/message_fixture.h"
#include "libs/testing/dns_server.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::dns {
namespace {

using testing::DnsServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ReasonIs;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kName[] = "_kasbah-challenge.example.com";

TxtResolver::Answer LookUp(const std::string& resolver, const std::string& name,
                           absl::Duration timeout = absl::Seconds(20)) {
  const auto made = TxtResolver::Create({resolver, timeout});
  if (!made.ok()) return made.status();
  return (*made)->Lookup({name}, absl::InfiniteFuture()).at(0);
}

TEST(TxtResolver, ReadsWhatARealServerPublishes) {
  DnsServer dns;
  dns.Publish(kName, {"one", "two"});
  dns.Publish(kName, {"three"});
  EXPECT_THAT(*LookUp(dns.address(), kName), UnorderedElementsAre("onetwo", "three"));
}

TEST(TxtResolver, NoRecordIsAnAnswerAndARefusalIsNone) {
  DnsServer dns;
  dns.Publish("example.com", {"x"});
  EXPECT_THAT(*LookUp(dns.address(), kName), IsEmpty());
  // dnsmasq answers for com and has nobody to ask about the rest.
  EXPECT_THAT(LookUp(dns.address(), "_kasbah-challenge.example.de"), ReasonIs("DNS_FAILED"));
}

TEST(TxtResolver, AnAnswerTooBigForUdpComesByTcp) {
  DnsServer dns;
  for (int i = 0; i < 20; ++i) dns.Publish(kName, {StrCat(i, std::string(200, 'x'))});
  EXPECT_THAT(*LookUp(dns.address(), kName), SizeIs(20));
}

TEST(TxtResolver, ManyNamesAreAskedAtOnceAndAnsweredInOrder) {
  DnsServer dns;
  dns.Publish("a.example.com", {"a"});
  dns.Publish("c.example.com", {"c"});
  ASSERT_OK_AND_ASSIGN(const auto resolver, TxtResolver::Create({dns.address()}));
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) {
    names.insert(names.end(), {"a.example.com", "b.example.com", "c.example.com"});
  }
  const auto answers = resolver->Lookup(names, absl::InfiniteFuture());
  ASSERT_THAT(answers, SizeIs(150));
  for (size_t i = 0; i < answers.size(); i += 3) {
    EXPECT_THAT(*answers[i], ElementsAre("a"));
    EXPECT_THAT(*answers[i + 1], IsEmpty());
    EXPECT_THAT(*answers[i + 2], ElementsAre("c"));
  }
}

TEST(TxtResolver, AServerThatIsAwayIsAFailureUntilItIsBack) {
  DnsServer dns;
  dns.Publish(kName, {"x"});
  dns.Stop();
  EXPECT_THAT(LookUp(dns.address(), kName), ReasonIs("DNS_FAILED"));
  dns.Start();
  EXPECT_THAT(*LookUp(dns.address(), kName), ElementsAre("x"));
}

TEST(TxtResolver, AResolverThatIsNoAddressIsRefused) {
  for (const char* resolver :
       {"resolver.example", "127.0.0.1:x", "127.0.0.1:99999999", "127.0.0.1:0", "[::1]:x", ":53"}) {
    EXPECT_FALSE(TxtResolver::Create({resolver}).ok()) << resolver;
  }
  EXPECT_OK(TxtResolver::Create({"127.0.0.1"}));
  EXPECT_OK(TxtResolver::Create({"::1"}));
  EXPECT_OK(TxtResolver::Create({"[::1]:5353,127.0.0.1:53"}));
}

// Answers UDP with whatever the test makes of a question's id; nothing listens on TCP.
class Liar {
 public:
  using Lie = std::function<std::vector<std::string>(unsigned id)>;

  explicit Liar(Lie lie) : lie_(std::move(lie)), socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_, generic, size), 0);
    EXPECT_EQ(getsockname(socket_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Liar() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  Liar(const Liar&) = delete;
  Liar& operator=(const Liar&) = delete;

  std::string address() const { return StrCat("127.0.0.1:", port_); }

 private:
  void Serve() {
    while (true) {
      unsigned char question[1500];
      sockaddr_in from{};
      socklen_t size = sizeof(from);
      auto* const generic = reinterpret_cast<sockaddr*>(&from);
      const ssize_t got = recvfrom(socket_, question, sizeof(question), 0, generic, &size);
      if (got < 12) return;
      for (const std::string& message : lie_(question[0] * 256U + question[1])) {
        sendto(socket_, message.data(), message.size(), 0, generic, size);
      }
    }
  }

  const Lie lie_;
  const int socket_;
  int port_ = 0;
  std::thread thread_;
};

std::string Forged(unsigned id) {
  return Message(id, kAnswered, kName, 1, TxtRecord(kName, "forged"));
}

TEST(TxtResolver, LiesAreNoAnswers) {
  const std::map<std::string, Liar::Lie> lies = {
      {"silence", [](unsigned) { return std::vector<std::string>(); }},
      {"another id", [](unsigned id) { return std::vector{Forged(id ^ 0x1111U)}; }},
      {"another question",
       [](unsigned id) {
         return std::vector{Message(id, kAnswered, "x.example.org", 1, TxtRecord(kName, "forged"))};
       }},
      {"another name's record",
       [](unsigned id) {
         return std::vector{Message(id, kAnswered, kName, 1, TxtRecord("x.example.org", "forged"))};
       }},
      {"a question back",
       [](unsigned id) { return std::vector{Message(id, 0x0100, kName, 0, "")}; }},
      {"noise", [](unsigned) { return std::vector{std::string(1200, '\xAA')}; }},
      {"cut off", [](unsigned id) { return std::vector{Forged(id).substr(0, 60)}; }},
      {"SERVFAIL", [](unsigned id) { return std::vector{Message(id, 0x8182, kName, 0, "")}; }},
      {"REFUSED", [](unsigned id) { return std::vector{Message(id, 0x8185, kName, 0, "")}; }},
      {"truncated, and no TCP",
       [](unsigned id) {
         return std::vector{Message(id, 0x8380, kName, 1, TxtRecord(kName, "forged"))};
       }},
  };
  for (const auto& [what, lie] : lies) {
    Liar liar(lie);
    const auto answer = LookUp(liar.address(), kName, absl::Milliseconds(400));
    EXPECT_THAT(answer, ReasonIs("DNS_FAILED")) << what;
  }
}

TEST(TxtResolver, TheTrueAnswerIsTakenAfterForgedOnes) {
  Liar liar([](unsigned id) {
    return std::vector{Forged(id ^ 1U), std::string("\x00", 1),
                       Message(id, kAnswered, kName, 1, TxtRecord(kName, "true"))};
  });
  EXPECT_THAT(*LookUp(liar.address(), kName), ElementsAre("true"));
}

TEST(TxtResolver, ThatTheNameDoesNotExistIsAnAnswer) {
  Liar liar([](unsigned id) { return std::vector{Message(id, 0x8183, kName, 0, "")}; });
  EXPECT_THAT(*LookUp(liar.address(), kName), IsEmpty());
}

}  // namespace
}  // namespace kasbah::dns
