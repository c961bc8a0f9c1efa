// Secrets go to the programs that a tenant registered: by their certificate, and into their pods by
// way of kasbah-csi-provider, a real process on a Unix socket, asked as the driver asks.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kubernetes/secretsstore/v1alpha1/provider.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "libs/dev/process.h"
#include "libs/testing/kubernetes_cluster.h"
#include "tests/system/system.h"
#include <nlohmann/json.hpp>

namespace kasbah::e2e_test {
namespace {

using nlohmann::json;
using system_test::AsOwner;
using system_test::Invoke;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using ::testing::HasSubstr;
using testing::KubernetesCluster;
using ::testing::Not;
using Provider = v1alpha1::CSIDriverProvider;
using Secrets = vault::v1::SecretService;

constexpr char kAudience[] = "kasbah";
constexpr char kTokens[] = "csi.storage.k8s.io/serviceAccount.tokens";

class CsiMount : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = "/tmp/kasbah-csi-XXXXXX";
    KASBAH_CHECK(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    cluster_ = new KubernetesCluster("https://cluster.example");
    SetUpAuth();
    StartProvider();
  }
  static void TearDownTestSuite() {
    delete provider_;
    delete cluster_;
    std::filesystem::remove_all(directory_);
  }

  // The cluster becomes one of auth's.
  static void SetUpAuth() {
    const std::string keys = directory_ + "/jwks.json";
    std::ofstream(keys) << cluster_->Jwks();
    const std::string path = System::Get().installation().config_file("auth");
    YAML::Node config = YAML::LoadFile(path);
    YAML::Node cluster;
    cluster["issuer"] = cluster_->issuer();
    cluster["audience"] = kAudience;
    cluster["jwks_file"] = keys;
    config["kubernetes"].push_back(cluster);
    std::ofstream(path) << config;
    dev::Supervisor& supervisor = System::Get().supervisor();
    KASBAH_CHECK(supervisor.StopService("auth").ok());
    KASBAH_CHECK(supervisor.StartService("auth").ok());
    KASBAH_CHECK(supervisor.WaitReady("auth", absl::Seconds(60)).ok());
  }

  static void StartProvider() {
    YAML::Node config;
    config["log_level"] = "debug";
    config["socket"] = directory_ + "/kasbah.sock";
    config["admin_listen"] = StrCat("127.0.0.1:", *dev::PickFreePort());
    admin_port_ = std::stoi(config["admin_listen"].as<std::string>().substr(10));
    config["audience"] = kAudience;
    config["tls_directory"] = System::Get().CertificateOf("csi-provider");
    config["trust_domain"] = dev::kTrustDomain;
    config["auth_address"] = System::Get().installation().Address("auth");
    config["vault_address"] = System::Get().installation().Address("vault");
    const std::string file = directory_ + "/csi-provider.yaml";
    std::ofstream(file) << config;
    const int log = open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    auto process = dev::Process::Spawn(
        {.arguments = {KASBAH_BINARY_DIR "/kasbah-csi-provider", "--config", file}, .output = log});
    close(log);
    KASBAH_CHECK(process.ok());
    provider_ = new dev::Process(*std::move(process));
    KASBAH_CHECK(WaitUntil(absl::Seconds(30), [] { return Version().ok(); }));
  }

  static std::unique_ptr<Provider::Stub> Driver() {
    return Provider::NewStub(grpc::CreateChannel(StrCat("unix:", directory_, "/kasbah.sock"),
                                                 grpc::InsecureChannelCredentials()));
  }
  static grpc::Status Version(v1alpha1::VersionResponse* reply = nullptr) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    v1alpha1::VersionResponse ignored;
    return Driver()->Version(&context, v1alpha1::VersionRequest(),
                             reply != nullptr ? reply : &ignored);
  }

  // A tenant with a secret "db-url" of two versions, and the workload "web", which is the pods of
  // shop/web.
  CsiMount() : tenant_(System::Get().CreateTenant(StrCat("csi-", ++tenants_))) {
    auth::v1::KubernetesServiceAccount account;
    account.set_issuer(cluster_->issuer());
    account.set_namespace_("shop");
    account.set_service_account("web");
    workload_ = System::Get().RegisterWorkload(tenant_.id, "web", {account});
    vault::v1::CreateSecretRequest create;
    create.set_path("prod/db-url");
    EXPECT_TRUE(AsOwner<Secrets>(tenant_, "vault", &Secrets::Stub::CreateSecret, create).ok());
    Add("canary-one-Xq7");
    Add("canary-two-Xq7");
  }
  void Add(const std::string& value) {
    vault::v1::AddSecretVersionRequest add;
    add.set_secret("prod/db-url");
    add.set_payload(value);
    EXPECT_TRUE(AsOwner<Secrets>(tenant_, "vault", &Secrets::Stub::AddSecretVersion, add).ok());
  }

  static json Claims(const std::string& namespace_name = "shop",
                     const std::string& account = "web") {
    return cluster_->Claims(kAudience, namespace_name, account, absl::Now());
  }
  json Attributes(const std::string& token, const std::string& namespace_name = "shop",
                  const std::string& account = "web") const {
    return {{"tenant", tenant_.id.ToString()},
            {"objects", objects_},
            {"csi.storage.k8s.io/pod.name", KubernetesCluster::PodName(account)},
            {"csi.storage.k8s.io/pod.namespace", namespace_name},
            {"csi.storage.k8s.io/pod.uid", KubernetesCluster::PodUid(account)},
            {"csi.storage.k8s.io/serviceAccount.name", account},
            {kTokens, json({{kAudience, {{"token", token}}}}).dump()}};
  }
  // Of gRPC's status alone; what the provider says is in the reply.
  grpc::Status Mount(const json& attributes, v1alpha1::MountResponse* reply) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
    v1alpha1::MountRequest request;
    request.set_attributes(attributes.dump());
    request.set_secrets("{}");
    request.set_target_path("/var/lib/kubelet/pods/x/volumes/y/mount");
    request.set_permission("420");
    return Driver()->Mount(&context, request, reply);
  }
  // The code with which a mount is refused, whole; "" when it is not.
  std::string CodeOf(const json& attributes) {
    v1alpha1::MountResponse reply;
    const grpc::Status status = Mount(attributes, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (reply.has_error()) {
      EXPECT_EQ(reply.files_size() + reply.object_version_size(), 0);
    }
    return reply.error().code();
  }

  // A program of the tenant, by its certificate alone.
  std::string AssertionOf(const std::string& workload) {
    using Identity = auth::v1::WorkloadIdentityService;
    const auto issued = Invoke<Identity>(
        System::Get().Channel("auth", System::Get().CertificateOf(tenant_.id, workload)),
        System::Context(), &Identity::Stub::IssueWorkloadAssertion,
        auth::v1::IssueWorkloadAssertionRequest());
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->assertion() : "";
  }
  absl::StatusOr<vault::v1::AccessSecretVersionResponse> AccessWith(const std::string& workload,
                                                                    const std::string& assertion) {
    auto context = System::Context();
    context->AddMetadata("authorization", StrCat("Bearer ", assertion));
    vault::v1::AccessSecretVersionRequest request;
    request.set_secret("prod/db-url");
    return Invoke<Secrets>(
        System::Get().Channel("vault", System::Get().CertificateOf(tenant_.id, workload)), context,
        &Secrets::Stub::AccessSecretVersion, request);
  }
  static std::string ProviderLog() { return *dev::ReadFile(directory_ + "/log"); }

  static std::string directory_;
  static KubernetesCluster* cluster_;
  static dev::Process* provider_;
  static int tenants_;
  static int admin_port_;
  TestTenant tenant_;
  auth::v1::Workload workload_;
  std::string objects_ =
      "- {secret: prod/db-url, path: db-url, mode: '0400'}\n"
      "- {secret: prod/db-url, version: 1}\n";
};
std::string CsiMount::directory_;
KubernetesCluster* CsiMount::cluster_ = nullptr;
dev::Process* CsiMount::provider_ = nullptr;
int CsiMount::tenants_ = 0;
int CsiMount::admin_port_ = 0;

TEST_F(CsiMount, SaysWhoItIsToWhoeverMayConnect) {
  v1alpha1::VersionResponse reply;
  ASSERT_TRUE(Version(&reply).ok());
  EXPECT_EQ(reply.runtime_name(), "kasbah-csi-provider");
  EXPECT_THAT(reply.runtime_version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  struct stat status = {};
  ASSERT_EQ(stat((directory_ + "/kasbah.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(CsiMount, APodHasItsWorkloadsSecretsAsFiles) {
  const json attributes = Attributes(cluster_->Token(Claims()));
  v1alpha1::MountResponse first;
  ASSERT_TRUE(Mount(attributes, &first).ok());
  ASSERT_FALSE(first.has_error()) << first.error().code();
  ASSERT_EQ(first.files_size(), 2);
  EXPECT_EQ(first.files(0).path(), "db-url");
  EXPECT_EQ(first.files(0).mode(), 0400);
  EXPECT_EQ(first.files(0).contents(), "canary-two-Xq7");
  EXPECT_EQ(first.files(1).path(), "prod/db-url");
  EXPECT_EQ(first.files(1).mode(), 0644);
  EXPECT_EQ(first.files(1).contents(), "canary-one-Xq7");
  ASSERT_EQ(first.object_version_size(), 2);
  EXPECT_EQ(first.object_version(0).id(), "db-url");

  // Asked again it is the same; another version shows where the latest was asked for.
  v1alpha1::MountResponse again;
  ASSERT_TRUE(Mount(attributes, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  Add("canary-three-Xq7");
  v1alpha1::MountResponse rotated;
  ASSERT_TRUE(Mount(attributes, &rotated).ok());
  EXPECT_EQ(rotated.files(0).contents(), "canary-three-Xq7");
  EXPECT_NE(rotated.object_version(0).version(), first.object_version(0).version());
  EXPECT_EQ(rotated.object_version(1).version(), first.object_version(1).version());

  // Each read is an event of the workload, on whose behalf the provider came.
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] {
    return System::Get().QueryValue(
               StrCat("SELECT count(*) FROM audit.event WHERE action = 'secret.version.access' AND "
                      "actor_id = '",
                      workload_.workload_id(),
                      "' AND position('service/csi-provider'::bytea in body) > 0")) == "6";
  }));
}

TEST_F(CsiMount, ProbesAndScrapersHaveAPortOfTheirOwn) {
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims()))), "");
  EXPECT_EQ(CodeOf(Attributes("x")), "KUBERNETES_TOKEN_INVALID");
  EXPECT_EQ(dev::Probe(admin_port_, "/healthz").status, 200);
  EXPECT_EQ(dev::Probe(admin_port_, "/readyz").body, "ready\n");
  const std::string metrics = dev::Probe(admin_port_, "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("kasbah_csi_mounts_total{result=\"mounted\"} "));
  EXPECT_THAT(metrics, HasSubstr("kasbah_csi_mounts_total{result=\"refused\"} "));
  EXPECT_THAT(metrics, HasSubstr("kasbah_tls_not_after_seconds{certificate=\"own\"} "));
  // Whoever empties the driver's directory takes the socket; the kubelet then restarts the pod.
  const std::string socket = directory_ + "/kasbah.sock";
  std::filesystem::rename(socket, directory_ + "/aside");
  EXPECT_TRUE(WaitUntil(absl::Seconds(20),
                        [] { return dev::Probe(admin_port_, "/readyz").status == 503; }));
  std::filesystem::rename(directory_ + "/aside", socket);
  EXPECT_TRUE(WaitUntil(absl::Seconds(20),
                        [] { return dev::Probe(admin_port_, "/readyz").status == 200; }));
}

TEST_F(CsiMount, APodOfAnotherNamespaceAccountOrTenantHasNothing) {
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims("bank")), "bank")), "WORKLOAD_UNKNOWN");
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims("shop", "job")), "shop", "job")),
            "WORKLOAD_UNKNOWN");
  // Whatever the SecretProviderClass of the pod's own namespace says.
  const TestTenant other = System::Get().CreateTenant(StrCat("csi-other-", tenants_));
  json attributes = Attributes(cluster_->Token(Claims()));
  attributes["tenant"] = other.id.ToString();
  EXPECT_EQ(CodeOf(attributes), "WORKLOAD_UNKNOWN");
  attributes["tenant"] = "ten_01h455vb4pex5vsknk084sn02q";
  EXPECT_EQ(CodeOf(attributes), "NOT_FOUND");
  // Another pod's token.
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims()), "bank")), "KUBERNETES_TOKEN_INVALID");
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims()), "shop", "job")),
            "KUBERNETES_TOKEN_INVALID");
}

TEST_F(CsiMount, TokensThatDoNotHoldMountNothing) {
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  json expired = Claims();
  expired["exp"] = now - 1;
  json another = Claims();
  another["aud"] = {"another"};
  json elsewhere = Claims();
  elsewhere["iss"] = "https://elsewhere.example";
  const KubernetesCluster forger(cluster_->issuer());
  json none = cluster_->Header();
  none["alg"] = "none";
  for (const std::string& token :
       {cluster_->Token(expired), cluster_->Token(another), cluster_->Token(elsewhere),
        forger.Token(Claims()), cluster_->Sign(none, Claims()), std::string("x")}) {
    EXPECT_EQ(CodeOf(Attributes(token)), "KUBERNETES_TOKEN_INVALID") << token;
  }
  json attributes = Attributes("x");
  attributes.erase(kTokens);
  EXPECT_EQ(CodeOf(attributes), "TOKEN_MISSING");
}

TEST_F(CsiMount, AVolumeIsMountedWholeOrNotAtAll) {
  objects_ = "- {secret: prod/db-url}\n- {secret: prod/absent}\n";
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims()))), "NOT_FOUND");
  objects_ = "- {secret: prod/db-url, path: ../escape}\n";
  EXPECT_EQ(CodeOf(Attributes(cluster_->Token(Claims()))), "PATH_INVALID");
}

TEST_F(CsiMount, ASuspendedTenantsPodsHaveNothing) {
  const json attributes = Attributes(cluster_->Token(Claims()));
  EXPECT_EQ(CodeOf(attributes), "");
  System::Get().SuspendTenant(tenant_.id);
  EXPECT_EQ(CodeOf(attributes), "TENANT_SUSPENDED");
  System::Get().ResumeTenant(tenant_.id);
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] { return CodeOf(attributes).empty(); }));
}

TEST_F(CsiMount, ADeletedWorkloadHasNothingWithinFiveSeconds) {
  const json attributes = Attributes(cluster_->Token(Claims()));
  EXPECT_EQ(CodeOf(attributes), "");
  const std::string assertion = AssertionOf("web");
  ASSERT_TRUE(AccessWith("web", assertion).ok());
  System::Get().DeleteWorkload(tenant_.id, "web");
  EXPECT_EQ(CodeOf(attributes), "WORKLOAD_UNKNOWN");
  EXPECT_TRUE(WaitUntil(absl::Seconds(5), [&] {
    return ReasonOf(AccessWith("web", assertion).status()) == "ASSERTION_REVOKED";
  }));
}

TEST_F(CsiMount, AProgramReadsByItsCertificateOnlyIfItIsRegistered) {
  const auto read = AccessWith("web", AssertionOf("web"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->payload(), "canary-two-Xq7");
  const auto with_key =
      System::Get().Resolve(tenant_.owner_key, System::Get().CertificateOf(tenant_.id, "stranger"));
  ASSERT_TRUE(with_key.ok());
  EXPECT_EQ(ReasonOf(AccessWith("stranger", *with_key).status()), "WORKLOAD_NOT_REGISTERED");
}

TEST_F(CsiMount, WhileTheVaultIsAwayTheDriverIsAskedToTryAgain) {
  const json attributes = Attributes(cluster_->Token(Claims()));
  dev::Supervisor& supervisor = System::Get().supervisor();
  ASSERT_TRUE(supervisor.StopService("vault").ok());
  v1alpha1::MountResponse reply;
  const grpc::Status away = Mount(attributes, &reply);
  EXPECT_EQ(away.error_code(), grpc::StatusCode::UNAVAILABLE) << away.error_message();
  ASSERT_TRUE(supervisor.StartService("vault").ok());
  ASSERT_TRUE(supervisor.WaitReady("vault", absl::Seconds(60)).ok());
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
    v1alpha1::MountResponse back;
    return Mount(attributes, &back).ok() && back.files_size() == 2;
  }));
}

TEST_F(CsiMount, NothingThatTheProviderSaysHoldsAValueOrAToken) {
  const std::string good = cluster_->Token(Claims());
  json expired = Claims();
  expired["exp"] = 1;
  const std::string bad = cluster_->Token(expired);
  EXPECT_EQ(CodeOf(Attributes(good)), "");
  EXPECT_EQ(CodeOf(Attributes(bad)), "KUBERNETES_TOKEN_INVALID");
  objects_ = "- {secret: prod/db-url}\n- {secret: prod/absent}\n";
  EXPECT_EQ(CodeOf(Attributes(good)), "NOT_FOUND");
  json broken = Attributes(good);
  broken[kTokens] = StrCat("{\"kasbah\":{\"token\":\"", good);
  EXPECT_EQ(CodeOf(broken), "TOKEN_MISSING");
  EXPECT_TRUE(WaitUntil(absl::Seconds(5),
                        [] { return ProviderLog().find("TOKEN_MISSING") != std::string::npos; }));
  for (const std::string& log : {ProviderLog(), System::Get().Logs()}) {
    EXPECT_THAT(log, Not(HasSubstr("canary-")));
    for (const std::string& token : {good, bad}) {
      EXPECT_THAT(log, Not(HasSubstr(token.substr(token.size() - 40))));
      EXPECT_THAT(log, Not(HasSubstr(token.substr(token.find('.') + 1, 40))));
    }
  }
}

}  // namespace
}  // namespace kasbah::e2e_test
