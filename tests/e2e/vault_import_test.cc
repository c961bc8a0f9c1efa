// Secrets of a KV version 2 come into the real vault: with versions, numbers and labels, whatever
// moment an import is broken off at, and the same again when it is run again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "cli/import/kv_import.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/kv_server.h"
#include "tests/system/system.h"
#include <nlohmann/json.hpp>

namespace kasbah::e2e_test {
namespace {

using cli::KvImportOptions;
using cli::KvReport;
using cli::KvResult;
using cli::KvTarget;
using nlohmann::json;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using ::testing::HasSubstr;
using testing::KvServer;
using ::testing::Not;
using Secrets = vault::v1::SecretService;
using Outcome = KvResult::Outcome;

class VaultImport : public ::testing::Test {
 protected:
  VaultImport() : tenant_(System::Get().CreateTenant(StrCat("kv-import-", ++tenants_))) {}

  template <typename Request, typename Reply>
  std::function<absl::StatusOr<Reply>(const Request&)> To(
      grpc::Status (Secrets::Stub::*method)(grpc::ClientContext*, const Request&, Reply*)) {
    return [this, method](const Request& request) {
      return AsOwner<Secrets>(tenant_, "vault", method, request);
    };
  }
  KvTarget Target() {
    return {.get = To(&Secrets::Stub::GetSecret),
            .create = To(&Secrets::Stub::CreateSecret),
            .add = To(&Secrets::Stub::AddSecretVersion),
            .access = To(&Secrets::Stub::AccessSecretVersion),
            .destroy = To(&Secrets::Stub::DestroySecretVersion)};
  }
  KvReport Import(const KvTarget& target, const KvImportOptions& options = {}) {
    auto source = cli::KvSource::Create({.address = server_.address(),
                                         .ca_file = "",
                                         .token = KvServer::kToken,
                                         .name_space = KvServer::kNamespace,
                                         .mount = "secret"});
    EXPECT_TRUE(source.ok()) << source.status();
    const auto report = cli::ImportKv(**source, target, options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : KvReport();
  }
  static std::string ProblemsOf(const KvReport& report) {
    std::string text;
    for (const KvResult& result : report.results) {
      if (!result.problem.empty()) StrAppend(&text, result.source, ": ", result.problem, "\n");
    }
    return text;
  }
  vault::v1::Secret Get(const std::string& path) {
    vault::v1::GetSecretRequest request;
    request.set_secret(path);
    const auto secret = Target().get(request);
    EXPECT_TRUE(secret.ok()) << path << ": " << secret.status();
    return secret.ok() ? *secret : vault::v1::Secret();
  }
  // The value, or why there is none.
  std::string Access(const std::string& path, uint32_t version) {
    vault::v1::AccessSecretVersionRequest request;
    request.set_secret(path);
    request.set_version(version);
    const auto reply = Target().access(request);
    return reply.ok() ? reply->payload() : ReasonOf(reply.status());
  }
  int VersionRows() {
    return std::stoi(System::Get().QueryValue(
        StrCat("SELECT count(*) FROM vault.secret_versions WHERE tenant_id = '",
               tenant_.id.uuid().ToString(), "'")));
  }
  // Versions: one, gone, three, gone, five.
  void PutFive(const std::string& path) {
    for (const char* value : {"one", "two", "three", "four", "five"}) {
      server_.Put(path, {{"password", value}});
    }
    server_.Destroy(path, 2);
    server_.Delete(path, 4);
  }

  static int tenants_;
  TestTenant tenant_;
  KvServer server_;
};
int VaultImport::tenants_ = 0;

TEST_F(VaultImport, VersionsKeepTheirNumbersAndASecondRunAddsWhatIsNew) {
  PutFive("app/db");
  server_.SetCustomMetadata("app/db", {{"owner", "web"}, {"imported_from", "x"}});
  server_.Put("odd name", {{"b", json{{"y", 1}, {"a", nullptr}}}, {"a", "ü"}});
  server_.Put("odd:name", {{"k", "v"}});
  server_.Put("big", {{"k", std::string(70'000, 'x')}});
  const KvImportOptions dry{
      .path = "", .to = "", .dry_run = true, .on_progress = {}, .on_result = {}};
  const KvReport plan = Import(Target(), dry);
  EXPECT_EQ(plan.Count(Outcome::kCreated), 1u);
  EXPECT_EQ(plan.Count(Outcome::kRefused), 3u);
  EXPECT_EQ(VersionRows(), 0);

  const KvReport report = Import(Target());
  EXPECT_EQ(report.Count(Outcome::kCreated), 1u);
  EXPECT_THAT(ProblemsOf(report),
              HasSubstr("team/secret/odd name: it would get the same path as odd:name"));
  EXPECT_THAT(ProblemsOf(report), HasSubstr("team/secret/big: version 1 has 70008 bytes"));
  const vault::v1::Secret secret = Get("app/db");
  EXPECT_EQ(secret.latest_version(), 5u);
  EXPECT_EQ(secret.labels().at("owner"), "web");
  EXPECT_EQ(secret.labels().at("imported_from"), "team/secret/app/db");
  EXPECT_EQ(Access("app/db", 1), R"({"password":"one"})");
  EXPECT_EQ(Access("app/db", 2), "VERSION_DESTROYED");
  EXPECT_EQ(Access("app/db", 3), R"({"password":"three"})");
  EXPECT_EQ(Access("app/db", 4), "VERSION_DESTROYED");
  EXPECT_EQ(Access("app/db", 0), R"({"password":"five"})");

  // Nothing new, then one version, and one name without its rival.
  const KvReport again = Import(Target());
  EXPECT_EQ(again.Count(Outcome::kUnchanged), 1u);
  EXPECT_EQ(VersionRows(), 5);
  server_.Put("app/db", {{"password", "six"}});
  server_.Remove("odd:name");
  const KvReport more = Import(Target());
  EXPECT_EQ(more.Count(Outcome::kExtended), 1u);
  EXPECT_EQ(more.Count(Outcome::kCreated), 1u);
  EXPECT_EQ(VersionRows(), 7);
  EXPECT_EQ(Access("app/db", 6), R"({"password":"six"})");
  EXPECT_EQ(Access("odd-name", 1), R"({"a":"ü","b":{"a":null,"y":1}})");
}

TEST_F(VaultImport, BrokenOffAtAnyCallItEndsTheSame) {
  PutFive("app/db");
  // The n-th call to Kasbah is not made, or made and its answer lost; then everything stops.
  for (const bool is_made : {false, true}) {
    int last_call = 0;
    for (int stop = 1; last_call == 0; ++stop) {
      const std::string to = StrCat(is_made ? "made-" : "lost-", stop);
      int calls = 0;
      const auto interrupt = [&](auto method) {
        return [&calls, stop, is_made, method](const auto& request) {
          if (++calls < stop) return method(request);
          if (calls == stop && is_made) method(request).IgnoreError();
          return decltype(method(request))(absl::AbortedError("broken off"));
        };
      };
      const KvTarget real = Target();
      const KvTarget broken{.get = interrupt(real.get),
                            .create = interrupt(real.create),
                            .add = interrupt(real.add),
                            .access = interrupt(real.access),
                            .destroy = interrupt(real.destroy)};
      KvImportOptions options;
      options.to = to;
      if (ProblemsOf(Import(broken, options)).empty()) last_call = stop;
      EXPECT_EQ(ProblemsOf(Import(real, options)), "") << to;
      const vault::v1::Secret secret = Get(to + "/app/db");
      EXPECT_EQ(secret.latest_version(), 5u) << to;
      EXPECT_EQ(Access(to + "/app/db", 1), R"({"password":"one"})") << to;
      EXPECT_EQ(Access(to + "/app/db", 2), "VERSION_DESTROYED") << to;
      EXPECT_EQ(Access(to + "/app/db", 3), R"({"password":"three"})") << to;
      EXPECT_EQ(Access(to + "/app/db", 4), "VERSION_DESTROYED") << to;
      EXPECT_EQ(Access(to + "/app/db", 5), R"({"password":"five"})") << to;
    }
    // get, create, five times get and add, twice destroy.
    EXPECT_EQ(last_call, 15);
  }
}

TEST_F(VaultImport, WhatWasChangedInKasbahIsLeftAlone) {
  server_.Put("a", {{"k", "1"}});
  server_.Put("b", {{"k", "1"}});
  server_.Put("c", {{"k", "1"}});
  vault::v1::CreateSecretRequest create;
  create.set_path("c");
  ASSERT_TRUE(Target().create(create).ok());
  EXPECT_THAT(ProblemsOf(Import(Target())),
              HasSubstr("team/secret/c: there is a secret of this path that was not imported"));
  const auto add = [&](const std::string& path) {
    vault::v1::AddSecretVersionRequest request;
    request.set_secret(path);
    request.set_payload("ours");
    EXPECT_TRUE(Target().add(request).ok());
  };
  // Here alone, and on both sides.
  add("a");
  add("b");
  server_.Put("b", {{"k", "2"}});
  server_.Put("b", {{"k", "3"}});
  const std::string problems = ProblemsOf(Import(Target()));
  EXPECT_THAT(problems, HasSubstr("team/secret/a: Kasbah has version 2 and the source 1"));
  EXPECT_THAT(problems, HasSubstr("team/secret/b: version 2 has another value in Kasbah"));
  EXPECT_EQ(Access("b", 0), "ours");
}

TEST_F(VaultImport, LongGoneVersionsAreNotCountedOut) {
  for (int i = 1; i <= 105; ++i) server_.Put("long", {{"k", i}});
  server_.Prune("long", 2);
  EXPECT_EQ(ProblemsOf(Import(Target())), "");
  EXPECT_EQ(Get("long").latest_version(), 2u);
  EXPECT_EQ(Access("long", 1), R"({"k":104})");
  server_.Put("long", {{"k", 106}});
  server_.Prune("long", 2);
  EXPECT_EQ(ProblemsOf(Import(Target())), "");
  EXPECT_EQ(Access("long", 3), R"({"k":106})");
}

TEST_F(VaultImport, SplitMakesASecretOfEachKey) {
  server_.Put("app/db", {{"user", "u1"}});
  server_.Put("app/db", {{"user", "u2"}, {"port", 5432}, {"a/b", "x"}, {"a-b", "y"}, {"none", ""}});
  KvImportOptions options;
  options.split = true;
  const KvReport report = Import(Target(), options);
  EXPECT_EQ(report.Count(Outcome::kCreated), 3u);
  EXPECT_EQ(Access("app/db/user", 1), "u1");
  EXPECT_EQ(Access("app/db/user", 2), "u2");
  EXPECT_EQ(Access("app/db/port", 1), "VERSION_DESTROYED");
  EXPECT_EQ(Access("app/db/port", 2), "5432");
  EXPECT_EQ(Access("app/db/a-b", 2), "y");
  EXPECT_THAT(ProblemsOf(report), HasSubstr("team/secret/app/db#a/b: it would get the same path"));
  EXPECT_THAT(ProblemsOf(report), HasSubstr("team/secret/app/db#none: version 2 is empty"));
  EXPECT_EQ(Import(Target(), options).Count(Outcome::kUnchanged), 3u);
}

// The command itself: what it prints, what it ends with, and what it never says.
class VaultImportCommand : public VaultImport {
 protected:
  VaultImportCommand() : directory_(StrCat(System::Get().directory(), "/import-", tenants_)) {
    mkdir(directory_.c_str(), 0700);
    YAML::Node file;
    YAML::Node context = file["contexts"]["test"];
    context["trust_domain"] = dev::kTrustDomain;
    context["tls_directory"] = tenant_.certificate_directory;
    context["api_key_file"] = directory_ + "/key";
    for (const std::string& service : dev::ServiceNames()) {
      context["addresses"][service] = System::Get().installation().Address(service);
    }
    file["current"] = "test";
    Write("contexts.yaml", YAML::Dump(file));
    Write("key", tenant_.owner_key);
    Write("token", StrCat(KvServer::kToken, "\n"));
  }
  void Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
  }
  // Everything it said; its exit status goes to status_.
  std::string Run(const std::string& arguments) {
    const std::string command =
        StrCat("KASBAH_CONFIG='", directory_, "/contexts.yaml' '", KASBAH_BINARY_DIR,
               "/kasbah' vault import --address ", server_.address(), " --namespace team ",
               arguments, " --token-file '", directory_, "/token' 2>&1");
    FILE* pipe = popen(command.c_str(), "r");
    std::string text;
    char buffer[4096];
    while (const size_t size = fread(buffer, 1, sizeof(buffer), pipe)) text.append(buffer, size);
    status_ = WEXITSTATUS(pclose(pipe));
    return text;
  }

  std::string directory_;
  int status_ = -1;
};

TEST_F(VaultImportCommand, ShowsWhatItDoesAndNeverAValue) {
  server_.Put("app/db", {{"password", "canary-value-8Hd"}});
  server_.Put("app/db", {{"password", "canary-value-8Hd-2"}});
  const std::string dry = Run("--dry-run");
  EXPECT_EQ(status_, 0) << dry;
  EXPECT_THAT(dry, HasSubstr("1 secrets would be created"));
  EXPECT_EQ(VersionRows(), 0);
  const std::string real = Run("");
  EXPECT_EQ(status_, 0) << real;
  EXPECT_THAT(real, HasSubstr("team/secret/app/db  app/db  created  1-2"));
  const std::string report = Run("-o json");
  EXPECT_EQ(json::parse(report)["secrets"][0]["outcome"], "unchanged") << report;
  server_.SetOverride([](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("/data/") == std::string::npos) return std::nullopt;
    return http::Response{.body = R"({"data":{"data":{"password":"canary-value-8Hd)"};
  });
  server_.Put("app/db", {{"password", "canary-value-8Hd-3"}});
  const std::string broken = Run("");
  EXPECT_EQ(status_, 1) << broken;
  for (const std::string& said : {dry, real, report, broken, System::Get().Logs()}) {
    EXPECT_THAT(said, Not(HasSubstr("canary-value-8Hd")));
    EXPECT_THAT(said, Not(HasSubstr("canary-token")));
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_THAT((std::set<std::string>{"contexts.yaml", "key", "token"}),
                ::testing::Contains(entry.path().filename().string()));
  }
}

}  // namespace
}  // namespace kasbah::e2e_test
