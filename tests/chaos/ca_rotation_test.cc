// The certificate authority of a running installation is replaced in three steps: both authorities
// into every bundle, certificates of the new one, the old one out of every bundle. No call fails on
// the way, and in the end nobody knows the old one any more.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/strings.h"
#include "libs/dev/certificate_authority.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

namespace fs = std::filesystem;

using system_test::AsOperator;
using system_test::Invoke;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;

// Processes read their files once a second (libs/rpc/tls.cc) and tell nobody what they trust as
// clients: calls that go on for this long have met what every process read.
constexpr absl::Duration kSeveralReads = absl::Seconds(4);

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// Files may be swapped between two reads of a program that starts, which then names the mismatch
// and would be started again; what this test counts is calls.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& service,
                                          const std::string& directory) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel;
  WaitUntil(absl::Seconds(10), [&] {
    channel = rpc::CreateChannel(System::Get().installation().Address(service),
                                 dev::Installation::ServiceId(service), {directory});
    return channel.ok();
  });
  return channel.ok() ? *channel : nullptr;
}

absl::Status Ping(const std::shared_ptr<grpc::Channel>& channel) {
  using Status = status::v1::StatusService;
  return Invoke<Status>(channel, System::Context(), &Status::Stub::Ping, status::v1::PingRequest())
      .status();
}

// A new connection for each call.
absl::Status PingAnew(const std::string& service, const std::string& directory) {
  const auto channel = NewChannel(service, directory);
  return channel == nullptr ? absl::InternalError("no channel") : Ping(channel);
}

// Calls that go on until Stop: on connections that stay open, and on new ones. A record's sealed
// value has tenant-data call the vault, its event has the outbox call audit.
class Traffic {
 public:
  explicit Traffic(TestTenant tenant) : tenant_(std::move(tenant)) {
    for (const std::string& service : dev::ServiceNames()) {
      open_[service] = System::Get().OperatorChannel(service);
    }
    threads_.emplace_back([this] { CallOnOpenConnections(); });
    threads_.emplace_back([this] { CallOnNewConnections(); });
  }
  ~Traffic() { Stop(); }

  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  // Until both threads have gone round again, for some reads of the files.
  void GoesOn() const {
    const absl::Time since = absl::Now();
    const int open = open_rounds_;
    const int anew = new_rounds_;
    EXPECT_TRUE(WaitUntil(absl::Seconds(60), [&] {
      return absl::Now() > since + kSeveralReads && open_rounds_ > open + 10 &&
             new_rounds_ > anew + 10;
    })) << "calls have stopped";
  }
  std::string failures() const {
    const std::lock_guard lock(mutex_);
    return absl::StrJoin(failures_, "\n");
  }
  int records() const { return records_; }

 private:
  void Note(std::string_view what, const absl::Status& status) {
    if (status.ok()) return;
    const std::lock_guard lock(mutex_);
    failures_.push_back(StrCat(absl::FormatTime(absl::Now()), " ", what, ": ", status.ToString()));
  }

  void CallOnOpenConnections() {
    while (!stop_) {
      for (const auto& [service, channel] : open_) Note(StrCat("open ", service), Ping(channel));
      ++open_rounds_;
    }
  }

  void CallOnNewConnections() {
    const std::string admin = System::Get().CertificateOf(dev::kOperator);
    while (!stop_) {
      for (const std::string& service : dev::ServiceNames()) {
        Note(StrCat("new ", service), PingAnew(service, admin));
      }
      Note("record", CreateRecord());
      ++new_rounds_;
    }
  }

  absl::Status CreateRecord() {
    using Credentials = auth::v1::CredentialService;
    auth::v1::ResolveCredentialRequest resolve;
    resolve.set_api_key(tenant_.owner_key);
    const auto resolved =
        Invoke<Credentials>(NewChannel("auth", tenant_.certificate_directory), System::Context(),
                            &Credentials::Stub::ResolveCredential, resolve);
    if (!resolved.ok()) return resolved.status();

    using Records = tenantdata::v1::RecordService;
    tenantdata::v1::CreateRecordRequest create;
    create.set_collection("notes");
    (*create.mutable_values()->mutable_fields())["body"].set_string_value("sealed");
    auto context = System::Context();
    context->AddMetadata("authorization", StrCat("Bearer ", resolved->assertion()));
    const auto created =
        Invoke<Records>(NewChannel("tenant-data", tenant_.certificate_directory), context,
                        &Records::Stub::CreateRecord, create);
    if (created.ok()) ++records_;
    return created.status();
  }

  const TestTenant tenant_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> open_;
  std::atomic<bool> stop_{false};
  std::atomic<int> open_rounds_{0};
  std::atomic<int> new_rounds_{0};
  std::atomic<int> records_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

class CaRotation : public ::testing::Test {
 protected:
  using Authority = dev::CertificateAuthority;

  CaRotation() : tenant_(System::Get().CreateTenant("rotation")) {
    for (const std::string& service : dev::ServiceNames()) {
      identities_[System::Get().CertificateOf(service)] = dev::Installation::ServiceId(service);
    }
    identities_[System::Get().CertificateOf(dev::kOperator)] =
        StrCat("spiffe://", dev::kTrustDomain, "/operator/admin");
    identities_[tenant_.certificate_directory] = StrCat(
        "spiffe://", dev::kTrustDomain, "/tenant/", tenant_.id.ToString(), "/workload/app");
  }

  std::string Path(const std::string& name) { return StrCat(System::Get().directory(), "/", name); }

  // Signs with the key in `from`; certificates come with `bundle`, whose first is its own.
  Authority Signing(const std::string& from, const std::string& bundle, const std::string& name) {
    fs::create_directories(Path(name));
    fs::copy_file(from + "/ca.key", Path(name) + "/ca.key");
    std::ofstream(Path(name) + "/ca.crt") << bundle;
    auto authority = Authority::Open(Path(name));
    EXPECT_TRUE(authority.ok()) << authority.status();
    return *std::move(authority);
  }

  void IssueAll(const Authority& authority) {
    for (const auto& [directory, id] : identities_) {
      const absl::Status issued = authority.Issue({.uris = {id}}, directory);
      ASSERT_TRUE(issued.ok()) << issued;
    }
  }

  // An operator's certificate that no process has.
  std::string IssueTo(const Authority& authority, const std::string& name) {
    const absl::Status issued =
        authority.Issue({.uris = {StrCat("spiffe://", dev::kTrustDomain, "/operator/admin")}},
                        Path(name));
    EXPECT_TRUE(issued.ok()) << issued;
    return Path(name);
  }

  // Whether what `service` shows was signed by the one authority in `roots`.
  bool ShowsCertificateOf(const std::string& roots, const std::string& service) {
    const std::string admin = System::Get().CertificateOf(dev::kOperator);
    const std::string command =
        StrCat("openssl s_client -connect ", System::Get().installation().Address(service),
               " -alpn h2 -CAfile '", roots, "' -cert '", admin, "/tls.crt' -key '", admin,
               "/tls.key' </dev/null 2>&1");
    FILE* pipe = popen(command.c_str(), "r");
    std::string output;
    char buffer[4096];
    while (size_t n = fread(buffer, 1, sizeof(buffer), pipe)) output.append(buffer, n);
    pclose(pipe);
    return output.find("Verify return code: 0 (ok)") != std::string::npos;
  }

  TestTenant tenant_;
  // Directory and SPIFFE id of everybody who calls or is called here.
  std::map<std::string, std::string> identities_;
};

TEST_F(CaRotation, NoCallFailsWhileOneAuthorityTakesAnothersPlace) {
  using Collections = tenantdata::v1::CollectionService;
  tenantdata::v1::CreateCollectionRequest collection;
  collection.set_key("notes");
  collection.set_display_name("Notes");
  auto* field = collection.add_fields();
  field->set_key("body");
  field->set_display_name("Body");
  field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  field->set_sealed(true);
  const auto made = AsOperator<Collections>(tenant_.id, "tenant-data",
                                            &Collections::Stub::CreateCollection, collection);
  ASSERT_TRUE(made.ok()) << made.status();

  // Both have the same name, as authorities that are renewed in place do.
  const std::string old_directory = System::Get().installation().Path("ca");
  const std::string new_directory = Path("new-ca");
  const auto made_authority = Authority::Open(new_directory);
  ASSERT_TRUE(made_authority.ok()) << made_authority.status();
  const std::string old_pem = ReadAll(old_directory + "/ca.crt");
  const std::string new_pem = ReadAll(new_directory + "/ca.crt");
  const Authority old_trusting_both = Signing(old_directory, old_pem + new_pem, "old-and-new");
  const Authority new_trusting_both = Signing(new_directory, new_pem + old_pem, "new-and-old");
  const std::string of_the_new = IssueTo(new_trusting_both, "of-the-new");
  const std::string of_the_old = IssueTo(old_trusting_both, "of-the-old");
  const auto& services = dev::ServiceNames();
  for (const std::string& service : services) {
    EXPECT_FALSE(PingAnew(service, of_the_new).ok()) << service << " knows it already";
  }

  Traffic traffic(tenant_);
  traffic.GoesOn();

  IssueAll(old_trusting_both);
  for (const std::string& service : services) {
    EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] { return PingAnew(service, of_the_new).ok(); }))
        << service << " does not trust the new authority";
  }
  traffic.GoesOn();

  IssueAll(new_trusting_both);
  for (const std::string& service : services) {
    EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] {
      return ShowsCertificateOf(new_directory + "/ca.crt", service);
    })) << service << " shows its old certificate";
  }
  traffic.GoesOn();

  IssueAll(*made_authority);
  for (const std::string& service : services) {
    EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] { return !PingAnew(service, of_the_old).ok(); }))
        << service << " still trusts the old authority";
  }
  traffic.GoesOn();
  traffic.Stop();
  EXPECT_EQ(traffic.failures(), "");

  // Connections between services outlive what they were made with: anew, with the new one alone.
  for (const std::string& service : services) {
    ASSERT_TRUE(System::Get().supervisor().StopService(service).ok());
    ASSERT_TRUE(System::Get().supervisor().StartService(service).ok());
  }
  ASSERT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
  const auto logged = [&] {
    return System::Get().QueryValue(
        StrCat("SELECT count(*) FROM audit.event WHERE tenant_id = '",
               tenant_.id.uuid().ToString(), "' AND action = 'record.create'"));
  };
  Traffic afterwards(tenant_);
  EXPECT_TRUE(WaitUntil(absl::Seconds(60), [&] { return afterwards.records() > 10; }));
  afterwards.Stop();
  const std::string records = StrCat(traffic.records() + afterwards.records());
  EXPECT_TRUE(WaitUntil(absl::Seconds(40), [&] { return logged() == records; }))
      << logged() << " events of " << records << " records";
}

}  // namespace
}  // namespace kasbah::chaos_test
