// The real audit service and two real witnesses: heads are cosigned while one of them is killed,
// and a tail that a superuser cuts off, with everything in the database that tells of it, is found
// with what the witnesses saw.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <fstream>

#include "cli/client/trail_check.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/audit/v1/proofs.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "libs/dev/process.h"
#include "libs/merkle/system_head.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Audit = audit::v1::AuditService;
using Proofs = audit::v1::ProofService;

// kasbah-witness in a directory of its own.
class WitnessProcess {
 public:
  explicit WitnessProcess(const std::string& name)
      : directory_(StrCat(System::Get().directory(), "/", name)),
        port_(dev::PickFreePort().value()) {
    EXPECT_EQ(mkdir(directory_.c_str(), 0700), 0);
    // The directory has a space in its name.
    const std::string command = StrCat("'", kBinary, "' keygen ", name, ".example '", directory_,
                                       "/key' '", directory_, "/state' > '", directory_, "/vkey'");
    EXPECT_EQ(system(command.c_str()), 0);
    std::ifstream vkey(directory_ + "/vkey");
    std::getline(vkey, verifier_key_);
  }
  void Start(const std::string& log_key) {
    std::ofstream(directory_ + "/witness.yaml")
        << StrCat("listen: 127.0.0.1:", port_, "\nadmin_listen: 127.0.0.1:0\nkey_file: '",
                  directory_, "/key'\nstate_directory: '", directory_,
                  "/state'\nlogs:\n  - verifier_key: ", log_key, "\n");
    auto process =
        dev::Process::Spawn({.arguments = {kBinary, "--config", directory_ + "/witness.yaml"}});
    ASSERT_TRUE(process.ok()) << process.status();
    process_ = std::make_unique<dev::Process>(*std::move(process));
  }
  void Kill() {
    process_->Signal(SIGKILL);
    process_->Wait(absl::InfiniteFuture());
  }
  const std::string& verifier_key() const { return verifier_key_; }
  std::string url() const { return StrCat("http://127.0.0.1:", port_); }

 private:
  static constexpr char kBinary[] = KASBAH_BINARY_DIR "/kasbah-witness";
  const std::string directory_;
  const int port_;
  std::string verifier_key_;
  std::unique_ptr<dev::Process> process_;
};

class WitnessedTrail : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    tenant_ = new TestTenant(System::Get().CreateTenant("witnessed"));
    first_ = new WitnessProcess("w1");
    second_ = new WitnessProcess("w2");
    // The system log's key is there once the vault has opened it.
    ASSERT_TRUE(WaitUntil(absl::Seconds(60), [] {
      const auto reply = AsOperator<Proofs>(TenantId(), "audit", &Proofs::Stub::GetSystemLog,
                                            audit::v1::GetSystemLogRequest());
      if (reply.ok()) system_key_ = reply->verifier_key();
      return reply.ok();
    }));
    first_->Start(system_key_);
    second_->Start(system_key_);
    const std::string path = System::Get().installation().config_file("audit");
    YAML::Node config = YAML::LoadFile(path);
    config["system_log"]["interval"] = "100ms";
    config["system_log"]["allow_http"] = true;
    config["system_log"]["allow_addresses"].push_back("127.0.0.0/8");
    config["self_check"]["pause"] = "1s";
    for (const WitnessProcess* witness : {first_, second_}) {
      YAML::Node item;
      item["verifier_key"] = witness->verifier_key();
      item["url"] = witness->url();
      config["witnesses"].push_back(item);
    }
    std::ofstream(path) << config;
    ASSERT_TRUE(System::Get().supervisor().StopService("audit").ok());
    ASSERT_TRUE(System::Get().supervisor().StartService("audit").ok());
  }
  static void TearDownTestSuite() {
    delete first_;
    delete second_;
    delete tenant_;
  }

  static void Write(int secrets) {
    static int number = 0;
    for (int i = 0; i < secrets; ++i) {
      vault::v1::CreateSecretRequest create;
      create.set_path(StrCat("s", ++number));
      ASSERT_TRUE(system_test::AsOwner<vault::v1::SecretService>(
                      *tenant_, "vault", &vault::v1::SecretService::Stub::CreateSecret, create)
                      .ok());
    }
  }
  static absl::StatusOr<audit::v1::GetWitnessedHeadResponse> Witnessed() {
    return AsOperator<Proofs>(tenant_->id, "audit", &Proofs::Stub::GetWitnessedHead,
                              audit::v1::GetWitnessedHeadRequest());
  }
  static audit::v1::GetCheckpointResponse Checkpoint() {
    const auto reply = AsOperator<Audit>(tenant_->id, "audit", &Audit::Stub::GetCheckpoint,
                                         audit::v1::GetCheckpointRequest());
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : audit::v1::GetCheckpointResponse();
  }
  // Until every event of this tenant's is in its log.
  static bool Settled() {
    return WaitUntil(absl::Seconds(60), [] {
      std::string rows;
      for (const char* schema : {"auth", "vault", "tenant_data", "webhook", "audit"}) {
        rows += System::Get().QueryValue(StrCat("SELECT count(*) FROM ", schema,
                                                ".outbox WHERE topic = 'audit' AND tenant_id = '",
                                                tenant_->id.uuid().ToString(), "'"));
      }
      return rows == "00000";
    });
  }
  // Until both cosigned a head with at least so many of the tenant's events.
  static bool SeenUpTo(uint64_t events) {
    return WaitUntil(absl::Seconds(60), [&] {
      const auto head = Witnessed();
      return head.ok() && head->size() >= events;
    });
  }
  static std::string Kept(const std::string& name, const std::string& contents) {
    const std::string path = StrCat(System::Get().directory(), "/", name);
    EXPECT_TRUE(dev::WriteFile(path, contents, 0600).ok());
    return path;
  }
  static std::string Export(const std::string& name) {
    const auto stub = Audit::NewStub(System::Get().OperatorChannel("audit"));
    const auto context = System::ContextFor(tenant_->id);
    const auto reader = stub->ExportEvents(context.get(), audit::v1::ExportEventsRequest());
    std::string lines;
    for (audit::v1::ExportEventsResponse chunk; reader->Read(&chunk);) lines += chunk.lines();
    EXPECT_TRUE(reader->Finish().ok());
    return Kept(name, lines);
  }
  static cli::TrailTrust Trust(const std::string& witnessed) {
    cli::TrailTrust trust;
    trust.key = Checkpoint().verifier_key();
    trust.witnessed = witnessed;
    trust.system_key = system_key_;
    trust.witnesses = {first_->verifier_key(), second_->verifier_key()};
    return trust;
  }

  static TestTenant* tenant_;
  static WitnessProcess* first_;
  static WitnessProcess* second_;
  static std::string system_key_;
};
TestTenant* WitnessedTrail::tenant_ = nullptr;
WitnessProcess* WitnessedTrail::first_ = nullptr;
WitnessProcess* WitnessedTrail::second_ = nullptr;
std::string WitnessedTrail::system_key_;

TEST_F(WitnessedTrail, HeadsAreCosignedAgainAfterAWitnessWasKilled) {
  for (int round = 0; round < 3; ++round) {
    Write(5);
    first_->Kill();
    Write(5);
    first_->Start(system_key_);
    Write(5);
  }
  ASSERT_TRUE(SeenUpTo(45)) << Witnessed().status();
  const std::string seen = Kept("seen.tlog-proof", Witnessed()->proof());
  const auto report = cli::CheckTrailFiles({Export("trail.jsonl")}, Trust(seen));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->fault, "");
}

TEST_F(WitnessedTrail, ATailThatWasCutOffIsFoundWithWhatTheWitnessesSaw) {
  Write(3);
  ASSERT_TRUE(Settled());
  ASSERT_TRUE(SeenUpTo(1));
  ASSERT_TRUE(
      WaitUntil(absl::Seconds(30), [] { return Witnessed()->size() == Checkpoint().size(); }));
  const std::string seen = Kept("tail.tlog-proof", Witnessed()->proof());
  const uint64_t events = Witnessed()->size();

  // The last event goes, and the head, the tree, the checkpoint and the system log with it, so that
  // what is left is whole in itself.
  ASSERT_TRUE(System::Get().supervisor().StopService("audit").ok());
  const std::string id = StrCat("'", tenant_->id.uuid().ToString(), "'");
  merkle::Frontier rest;
  for (uint64_t i = 0; i + 1 < events; ++i) {
    rest.Append(merkle::LeafHash(
        crypto::ParseHex(System::Get().QueryValue(StrCat(
                             "SELECT encode(leaf, 'hex') FROM audit.leaf WHERE tenant_id = ", id,
                             " AND seq = ", i)))
            .value()));
  }
  const std::string hex_root = crypto::Hex(merkle::View(rest.Root()));
  System::Get().QueryValue(StrCat(
      "DELETE FROM audit.event WHERE tenant_id = ", id, " AND seq >= ", events - 1,
      "; DELETE FROM audit.leaf WHERE tenant_id = ", id, " AND seq >= ", events - 1,
      "; UPDATE audit.log_head SET size = ", events - 1, ", root = decode('", hex_root,
      "', 'hex'), frontier = decode('", crypto::Hex(rest.Serialize()),
      "', 'hex') WHERE tenant_id = ", id, "; DELETE FROM audit.checkpoint WHERE tenant_id = ", id,
      "; DELETE FROM audit.system_entry; DELETE FROM audit.system_member; DELETE FROM "
      "audit.system_tile; DELETE FROM audit.system_checkpoint; UPDATE audit.system_log SET size = "
      "0, root = sha256(''), frontier = ''"));
  ASSERT_TRUE(System::Get().supervisor().StartService("audit").ok());
  ASSERT_TRUE(WaitUntil(absl::Seconds(60), [] {
    return AsOperator<Audit>(tenant_->id, "audit", &Audit::Stub::GetCheckpoint,
                             audit::v1::GetCheckpointRequest())
        .ok();
  }));

  const std::string trail = Export("cut.jsonl");
  cli::TrailTrust key_alone;
  key_alone.key = Checkpoint().verifier_key();
  const auto alone = cli::CheckTrailFiles({trail}, key_alone);
  ASSERT_TRUE(alone.ok());
  EXPECT_EQ(alone->fault, "");
  const auto witnessed = cli::CheckTrailFiles({trail}, Trust(seen));
  ASSERT_TRUE(witnessed.ok());
  EXPECT_EQ(witnessed->fault,
            StrCat("the trail ends after ", events - 1, " events, and ", seen, " is of ", events,
                   ": it was made earlier, or its end was cut off"));
  // And the witnesses cosign no other history of the system log.
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [] {
    return System::Get().Logs().find("a witness saw another history of the system log") !=
           std::string::npos;
  }));
}

}  // namespace
}  // namespace kasbah::chaos_test
