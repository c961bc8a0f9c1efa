// Two clusters and one database: a second cluster of the same installation works in it like more
// replicas, another installation's is refused before it writes.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/certificate_authority.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "libs/dev/process.h"
#include "tests/system/system.h"

namespace kasbah::e2e_test {
namespace {

using system_test::AsOwner;
using system_test::Invoke;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using ::testing::HasSubstr;
using Audit = audit::v1::AuditService;
using Secrets = vault::v1::SecretService;

// The five services once more, on other ports, with the first cluster's settings else.
class SecondCluster {
 public:
  SecondCluster(std::string trust_domain, const std::string& authority)
      : trust_domain_(std::move(trust_domain)) {
    std::string pattern = "/tmp/kasbah-second-XXXXXX";
    KASBAH_CHECK(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    const dev::Installation& first = System::Get().installation();
    std::vector<std::pair<std::string, std::string>> changes = {
        {StrCat("trust_domain: ", dev::kTrustDomain), StrCat("trust_domain: ", trust_domain_)}};
    for (const std::string& service : dev::ServiceNames()) {
      ports_[service] = {*dev::PickFreePort(), *dev::PickFreePort()};
      changes.emplace_back(first.Address(service), Address(service));
      changes.emplace_back(StrCat("127.0.0.1:", first.ports(service).admin_port),
                           StrCat("127.0.0.1:", ports_[service].admin_port));
      changes.emplace_back(first.CertificateDirectory(service), CertificatesOf(service));
      Issue(authority, service, service);
    }
    for (const std::string& service : dev::ServiceNames()) {
      const std::string settings = *dev::ReadFile(first.config_file(service));
      KASBAH_CHECK(
          dev::WriteFile(ConfigOf(service), absl::StrReplaceAll(settings, changes), 0600).ok());
    }
  }
  ~SecondCluster() {
    for (auto& [service, process] : processes_) process.Signal(SIGTERM);
    for (auto& [service, process] : processes_) process.Wait(absl::Now() + absl::Seconds(30));
    processes_.clear();
    std::filesystem::remove_all(directory_);
  }

  // The certificate of `service` becomes one of another.
  void Issue(const std::string& authority, const std::string& service,
             const std::string& identity) const {
    KASBAH_CHECK(dev::MakeDirectory(CertificatesOf(service), 0700).ok());
    const auto opened =
        dev::CertificateAuthority::Open(authority.empty() ? StrCat(directory_, "/ca") : authority);
    KASBAH_CHECK(opened.ok());
    KASBAH_CHECK(opened
                     ->Issue({.uris = {StrCat("spiffe://", trust_domain_, "/service/", identity)}},
                             CertificatesOf(service))
                     .ok());
  }

  void Start(const std::string& service) {
    const int log = open(LogOf(service).c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    auto process = dev::Process::Spawn({.arguments = {StrCat(KASBAH_BINARY_DIR "/kasbah-", service),
                                                      "--config", ConfigOf(service)},
                                        .output = log});
    close(log);
    KASBAH_CHECK(process.ok());
    processes_.insert_or_assign(service, *std::move(process));
  }
  dev::Process& process(const std::string& service) { return processes_.at(service); }
  bool IsReady(const std::string& service) const {
    return dev::Probe(ports_.at(service).admin_port, "/readyz").status == 200;
  }
  std::string Log(const std::string& service) const { return *dev::ReadFile(LogOf(service)); }

  std::shared_ptr<grpc::Channel> Channel(const std::string& service, const TestTenant& tenant) {
    return *rpc::CreateChannel(Address(service), dev::Installation::ServiceId(service),
                               rpc::TlsFiles{tenant.certificate_directory});
  }

 private:
  std::string Address(const std::string& service) const {
    return StrCat("127.0.0.1:", ports_.at(service).port);
  }
  std::string CertificatesOf(const std::string& service) const {
    return StrCat(directory_, "/certificates-", service);
  }
  std::string ConfigOf(const std::string& service) const {
    return StrCat(directory_, "/", service, ".yaml");
  }
  std::string LogOf(const std::string& service) const {
    return StrCat(directory_, "/", service, ".log");
  }

  struct Ports {
    int port = 0;
    int admin_port = 0;
  };
  const std::string trust_domain_;
  std::string directory_;
  std::map<std::string, Ports> ports_;
  std::map<std::string, dev::Process> processes_;
};

std::string Holder() {
  return System::Get().QueryValue("SELECT trust_domain FROM core.installation");
}

TEST(SharedDatabase, AnotherInstallationIsRefusedBeforeItWrites) {
  const std::string rows =
      "SELECT concat_ws(' ', (SELECT count(*) FROM core.tenants), "
      "(SELECT count(*) FROM auth.signing_keys), (SELECT count(*) FROM audit.signing_key))";
  // The first one's own keys, which its services make when the vault answers them.
  const std::string settled = "1 1 1";
  ASSERT_TRUE(
      WaitUntil(absl::Seconds(60), [&] { return System::Get().QueryValue(rows) == settled; }));
  ASSERT_EQ(Holder(), dev::kTrustDomain);
  SecondCluster other("other.example", "");
  for (const std::string& service : dev::ServiceNames()) {
    other.Start(service);
    const std::optional<dev::Exit> end =
        other.process(service).Wait(absl::Now() + absl::Seconds(60));
    ASSERT_TRUE(end.has_value()) << service << " goes on";
    EXPECT_FALSE(end->clean());
    EXPECT_THAT(other.Log(service),
                HasSubstr("the database belongs to the installation kasbah.dev, and this one is "
                          "other.example"));
  }
  EXPECT_EQ(Holder(), dev::kTrustDomain);
  EXPECT_EQ(System::Get().QueryValue(rows), settled);
}

TEST(SharedDatabase, AServiceWithAnothersCertificateIsRefused) {
  const std::string authority = System::Get().installation().Path("ca");
  SecondCluster second(dev::kTrustDomain, authority);
  second.Issue(authority, "webhook", "audit");
  second.Start("webhook");
  const auto end = second.process("webhook").Wait(absl::Now() + absl::Seconds(60));
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->clean());
  EXPECT_THAT(second.Log("webhook"),
              HasSubstr("is spiffe://kasbah.dev/service/audit's, and kasbah-webhook is "
                        "spiffe://kasbah.dev/service/webhook"));
}

TEST(SharedDatabase, ASecondClusterOfTheSameInstallationWorksBesideTheFirst) {
  SecondCluster second(dev::kTrustDomain, System::Get().installation().Path("ca"));
  for (const std::string& service : dev::ServiceNames()) second.Start(service);
  for (const std::string& service : dev::ServiceNames()) {
    ASSERT_TRUE(WaitUntil(absl::Seconds(60), [&] { return second.IsReady(service); }))
        << service << "\n"
        << second.Log(service);
  }

  const TestTenant tenant = System::Get().CreateTenant("two-clusters");
  vault::v1::CreateSecretRequest create;
  create.set_path("prod/db-url");
  ASSERT_TRUE(AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::CreateSecret, create).ok());
  vault::v1::AddSecretVersionRequest add;
  add.set_secret("prod/db-url");
  add.set_payload("of the first");
  ASSERT_TRUE(AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::AddSecretVersion, add).ok());

  const auto vault = second.Channel("vault", tenant);
  vault::v1::AccessSecretVersionRequest access;
  access.set_secret("prod/db-url");
  auto read = Invoke<Secrets>(vault, System::Get().OwnerContext(tenant),
                              &Secrets::Stub::AccessSecretVersion, access);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->payload(), "of the first");
  add.set_payload("of the second");
  const auto added = Invoke<Secrets>(vault, System::Get().OwnerContext(tenant),
                                     &Secrets::Stub::AddSecretVersion, add);
  ASSERT_TRUE(added.ok()) << added.status();
  read = AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::AccessSecretVersion, access);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->payload(), "of the second");

  // Whoever's relay brought them, each event is in the one trail once.
  const auto trail = second.Channel("audit", tenant);
  std::map<std::string, int> events;
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
    events.clear();
    const auto list = Invoke<Audit>(trail, System::Get().OwnerContext(tenant),
                                    &Audit::Stub::ListEvents, audit::v1::ListEventsRequest());
    if (!list.ok()) return false;
    for (const auto& event : list->events()) ++events[event.event().action()];
    return events["secret.version.access"] >= 2 && events["secret.version.add"] >= 2;
  }));
  EXPECT_EQ(events["secret.version.access"], 2);
  EXPECT_EQ(events["secret.version.add"], 2);
}

}  // namespace
}  // namespace kasbah::e2e_test
