#include "cli/client/context.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kasbah::cli {
namespace {

class ContextTest : public testing::Test {
 protected:
  ContextTest() : before_(std::filesystem::current_path()) {
    directory_ = testing::TempDir() + "context test " + std::to_string(getpid());
    std::filesystem::create_directories(directory_ + "/.kasbah");
    std::filesystem::current_path(directory_);
    setenv("KASBAH_CONFIG", (directory_ + "/config.yaml").c_str(), 1);
  }
  ~ContextTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
    unsetenv("KASBAH_CONFIG");
  }
  void Write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
  }
  static std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

  std::filesystem::path before_;
  std::string directory_;
};

constexpr char kUserFile[] = R"(current: staging
contexts:
  staging:
    trust_domain: example.com
    tls_directory: certificates
    api_key_file: /etc/key
    addresses: {auth: "dns:///auth:9000", tenant-data: "10.0.0.1:9000"}
)";
constexpr char kLocalFile[] = R"(current: dev
contexts:
  dev:
    trust_domain: kasbah.dev
    tls_directory: /x
)";

TEST_F(ContextTest, TheUsersOwnFileComesFirst) {
  Write("config.yaml", kUserFile);
  Write(".kasbah/contexts.yaml", kLocalFile);
  const auto contexts = Contexts::Load();
  ASSERT_TRUE(contexts.ok()) << contexts.status();
  EXPECT_EQ(contexts->CurrentName(), "staging");
  const auto current = contexts->Find("");
  ASSERT_TRUE(current.ok());
  EXPECT_EQ(current->name, "staging");
  EXPECT_EQ(current->addresses.at("tenant-data"), "10.0.0.1:9000");
  EXPECT_TRUE(contexts->Find("dev").ok());
  EXPECT_EQ(contexts->All().size(), 2u);
}

TEST_F(ContextTest, RelativePathsAreBesideTheFile) {
  Write("config.yaml", kUserFile);
  const auto context = Contexts::Load()->Find("staging");
  ASSERT_TRUE(context.ok());
  EXPECT_EQ(context->tls_directory, directory_ + "/certificates");
  EXPECT_EQ(context->api_key_file, "/etc/key");
}

TEST_F(ContextTest, AFileThatOthersMayWriteIsRefused) {
  Write(".kasbah/contexts.yaml", kLocalFile, 0666);
  const auto contexts = Contexts::Load();
  ASSERT_FALSE(contexts.ok());
  EXPECT_NE(MessageOf(contexts.status()).find("chmod"), std::string::npos);
}

TEST_F(ContextTest, MistakesAreNamedWithTheirLine) {
  Write("config.yaml", "contexts:\n  a:\n    trust_domain: x\n    tls_dir: /x\n");
  EXPECT_NE(MessageOf(Contexts::Load().status()).find("config.yaml:4: unknown key 'tls_dir'"),
            std::string::npos);
  Write("config.yaml",
        "contexts:\n  a:\n    trust_domain: x\n    tls_directory: /x\n"
        "    addresses: {valut: \"h:1\"}\n");
  EXPECT_NE(MessageOf(Contexts::Load().status()).find("'valut'"), std::string::npos);
  Write("config.yaml", "contexts: [\n");
  EXPECT_FALSE(Contexts::Load().ok());
}

TEST_F(ContextTest, AnUnknownNameListsTheKnownOnes) {
  Write("config.yaml", kUserFile);
  Write(".kasbah/contexts.yaml", kLocalFile);
  EXPECT_NE(MessageOf(Contexts::Load()->Find("prod").status()).find("staging, dev"),
            std::string::npos);
}

TEST_F(ContextTest, WithoutAnyContextTheErrorSaysHowToGetOne) {
  EXPECT_NE(MessageOf(Contexts::Load()->Find("").status()).find("kasbah dev up"),
            std::string::npos);
}

TEST_F(ContextTest, UseIsKept) {
  Write("config.yaml",
        "contexts:\n  a:\n    trust_domain: x\n    tls_directory: /x\n"
        "  b:\n    trust_domain: y\n    tls_directory: /y\n    tenant: ten_1\n");
  ASSERT_TRUE(Contexts::Load()->Use("b").ok());
  EXPECT_EQ(Contexts::Load()->CurrentName(), "b");
  EXPECT_EQ(Contexts::Load()->Find("")->tenant, "ten_1");
  EXPECT_FALSE(Contexts::Load()->Use("c").ok());
}

}  // namespace
}  // namespace kasbah::cli
