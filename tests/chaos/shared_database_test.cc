// Two clusters and one database: a second cluster of the same installation works in it like more
// replicas, another installation's is refused before it writes, and so is anybody where a table
// shows one tenant's rows to another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/time/clock.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/certificate_authority.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "tests/chaos/replica.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOwner;
using system_test::Invoke;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using ::testing::HasSubstr;
using Audit = audit::v1::AuditService;
using Secrets = vault::v1::SecretService;

// The five services once more, on other ports and with certificates of their own; the first
// cluster's settings else.
class SecondCluster {
 public:
  // `authority`: a folder with one, made where there is none.
  SecondCluster(std::string trust_domain, const std::string& authority)
      : trust_domain_(std::move(trust_domain)),
        directory_(System::Get().directory() + "/" + trust_domain_),
        authority_(*dev::CertificateAuthority::Open(authority)) {
    for (const std::string& service : dev::ServiceNames()) {
      ports_[service] = {*dev::PickFreePort(), *dev::PickFreePort()};
      Issue(service, service);
    }
  }

  // The certificate of `service` becomes one of `identity`.
  void Issue(const std::string& service, const std::string& identity) const {
    KASBAH_CHECK(dev::MakeDirectory(CertificatesOf(service), 0700).ok());
    KASBAH_CHECK(authority_
                     .Issue({.uris = {StrCat("spiffe://", trust_domain_, "/service/", identity)}},
                            CertificatesOf(service))
                     .ok());
  }

  void Start(const std::string& service) {
    processes_.insert_or_assign(service, Replica(service, [&](YAML::Node& settings) {
                                  YAML::Node server = settings["server"];
                                  server["listen"] = Address(service);
                                  server["admin_listen"] =
                                      StrCat("127.0.0.1:", ports_.at(service).admin_port);
                                  server["tls_directory"] = CertificatesOf(service);
                                  server["trust_domain"] = trust_domain_;
                                  if (service != "auth") server["auth_address"] = Address("auth");
                                  for (const char* peer : {"audit", "webhook", "vault"}) {
                                    settings["peers"][peer] = Address(peer);
                                  }
                                  settings["peers"]["tenant_data"] = Address("tenant-data");
                                }));
  }
  Replica& process(const std::string& service) { return processes_.at(service); }
  bool IsReady(const std::string& service) const {
    return dev::Probe(ports_.at(service).admin_port, "/readyz").status == 200;
  }

  std::shared_ptr<grpc::Channel> Channel(const std::string& service, const TestTenant& tenant) {
    return *rpc::CreateChannel(Address(service), dev::Installation::ServiceId(service),
                               rpc::TlsFiles{tenant.certificate_directory});
  }

 private:
  std::string Address(const std::string& service) const {
    return StrCat("127.0.0.1:", ports_.at(service).port);
  }
  std::string CertificatesOf(const std::string& service) const {
    return StrCat(directory_, "-", service);
  }

  struct Ports {
    int port = 0;
    int admin_port = 0;
  };
  const std::string trust_domain_;
  const std::string directory_;
  const dev::CertificateAuthority authority_;
  std::map<std::string, Ports> ports_;
  std::map<std::string, Replica> processes_;
};

std::string FirstAuthority() { return System::Get().installation().Path("ca"); }

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
  SecondCluster other("other.example", System::Get().directory() + "/other-ca");
  for (const std::string& service : dev::ServiceNames()) {
    other.Start(service);
    const std::optional<dev::Exit> end =
        other.process(service).process().Wait(absl::Now() + absl::Seconds(60));
    ASSERT_TRUE(end.has_value()) << service << " goes on";
    EXPECT_FALSE(end->clean());
    EXPECT_THAT(other.process(service).Log(),
                HasSubstr("the database belongs to the installation kasbah.dev, and this one is "
                          "other.example"));
  }
  EXPECT_EQ(Holder(), dev::kTrustDomain);
  EXPECT_EQ(System::Get().QueryValue(rows), settled);
}

TEST(SharedDatabase, AServiceWithAnothersCertificateIsRefused) {
  SecondCluster second(dev::kTrustDomain, FirstAuthority());
  second.Issue("webhook", "audit");
  second.Start("webhook");
  const auto end = second.process("webhook").process().Wait(absl::Now() + absl::Seconds(60));
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->clean());
  EXPECT_THAT(second.process("webhook").Log(),
              HasSubstr("is spiffe://kasbah.dev/service/audit's, and kasbah-webhook is "
                        "spiffe://kasbah.dev/service/webhook"));
}

// Whoever did that did it after the last migration, whose gate would have told.
TEST(SharedDatabase, AServiceDoesNotStartOnATableWithoutItsRowSecurity) {
  System::Get().QueryValue("ALTER TABLE vault.secrets NO FORCE ROW LEVEL SECURITY");
  Replica vault("vault");
  const auto end = vault.process().Wait(absl::Now() + absl::Seconds(60));
  System::Get().QueryValue("ALTER TABLE vault.secrets FORCE ROW LEVEL SECURITY");
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->clean());
  EXPECT_THAT(vault.Log(),
              HasSubstr("vault.secrets: row-level security is not enabled and forced"));
}

TEST(SharedDatabase, ASecondClusterOfTheSameInstallationWorksBesideTheFirst) {
  SecondCluster second(dev::kTrustDomain, FirstAuthority());
  for (const std::string& service : dev::ServiceNames()) second.Start(service);
  for (const std::string& service : dev::ServiceNames()) {
    ASSERT_TRUE(WaitUntil(absl::Seconds(60), [&] { return second.IsReady(service); }))
        << service << "\n"
        << second.process(service).Log();
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
}  // namespace kasbah::chaos_test
