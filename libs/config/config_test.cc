#include "libs/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::config {
namespace {

using ::kasbah::testing::IsOk;
using ::kasbah::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

struct Example {
  std::string listen = "0.0.0.0:9000";
  bool reflection = false;
  int threads = 16;
  absl::Duration drain = absl::Seconds(20);
  std::vector<std::string> allow;
  std::vector<absl::Duration> schedule;
  std::string seal;
  std::string mode = "fast";

  void Read(Section& root) {
    Section& server = root.Child("server", "The listener");
    server.Field("listen", &listen, "Address");
    server.Field("reflection", &reflection, "Whether clients may ask");
    server.Field("threads", &threads, "Threads").Range(1, 64);
    server.Field("drain", &drain, "How long").Between(absl::Seconds(1), absl::Minutes(1));
    root.Field("allow", &allow, "Networks");
    root.Field("schedule", &schedule, "Waits");
    root.Field("seal", &seal, "Seal").Required();
    root.Field("mode", &mode, "Mode").OneOf({"fast", "safe"});
  }
};

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "configXXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& text) {
    const std::string path = directory_ + "/c.yaml";
    std::ofstream(path) << text;
    return path;
  }
  absl::Status LoadText(const std::string& text, Example* example) {
    return Load(File(text), [&](Section& root) { example->Read(root); });
  }
  std::string ErrorsOf(const std::string& text) {
    Example example;
    return std::string(LoadText(text, &example).message());
  }

  std::string directory_;
};

TEST_F(ConfigTest, ReadsEveryTypeAndKeepsDefaults) {
  Example example;
  ASSERT_OK(
      LoadText("server:\n  listen: 127.0.0.1:1\n  reflection: true\n  drain: 1.5s\n"
               "allow: [127.0.0.0/8, '10']\nschedule: [5s, 10m]\nseal: \"123\"\n",
               &example));
  EXPECT_EQ(example.listen, "127.0.0.1:1");
  EXPECT_TRUE(example.reflection);
  EXPECT_EQ(example.threads, 16);
  EXPECT_EQ(example.drain, absl::Milliseconds(1500));
  EXPECT_THAT(example.allow, ::testing::ElementsAre("127.0.0.0/8", "10"));
  EXPECT_THAT(example.schedule, ::testing::ElementsAre(absl::Seconds(5), absl::Minutes(10)));
  EXPECT_EQ(example.seal, "123");
}

TEST_F(ConfigTest, UnknownKeyIsNamedWithItsLineAndPath) {
  EXPECT_EQ(ErrorsOf("seal: x\nserver:\n  lisen: a:1\n"),
            directory_ + "/c.yaml:3: server.lisen: is not a known setting");
}

TEST_F(ConfigTest, RepeatedKeyIsAnError) {
  EXPECT_EQ(ErrorsOf("seal: x\nmode: safe\nseal: y\n"),
            directory_ + "/c.yaml:3: seal: is given twice");
}

TEST_F(ConfigTest, WrongTypesAreRefused) {
  EXPECT_THAT(ErrorsOf("seal: 5\n"), HasSubstr(":1: seal: must be text"));
  EXPECT_THAT(ErrorsOf("seal: yes\n"), HasSubstr(":1: seal: must be text"));
  EXPECT_THAT(ErrorsOf("seal:\n"), HasSubstr(":1: seal: must be text"));
  EXPECT_THAT(ErrorsOf("seal: [a]\n"), HasSubstr(":1: seal: must be text"));
  EXPECT_THAT(ErrorsOf("seal: x\nserver: 5\n"), HasSubstr(":2: server: must be a mapping"));
  EXPECT_THAT(ErrorsOf("seal: x\nserver: {reflection: 1}\n"),
              HasSubstr("server.reflection: must be true or false"));
  EXPECT_THAT(ErrorsOf("seal: x\nserver: {threads: many}\n"),
              HasSubstr("server.threads: must be a whole number"));
  EXPECT_THAT(ErrorsOf("seal: x\nserver: {threads: 99999999999}\n"), HasSubstr("is too large"));
  EXPECT_THAT(ErrorsOf("seal: x\nserver: {drain: -5s}\n"), HasSubstr("must be a duration"));
  EXPECT_THAT(ErrorsOf("seal: x\nallow: 127.0.0.1\n"), HasSubstr("allow: must be a list of texts"));
  EXPECT_THAT(ErrorsOf("seal: x\nschedule: [soon]\n"), HasSubstr("must be a list of durations"));
  EXPECT_THAT(ErrorsOf("- a\n"), HasSubstr("must be a mapping of settings"));
  EXPECT_THAT(ErrorsOf("a: [\n"), HasSubstr("is not YAML"));
  EXPECT_THAT(ErrorsOf("seal: x\n---\nseal: y\n"), HasSubstr("more than one document"));
}

TEST_F(ConfigTest, EveryProblemIsReportedAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(ErrorsOf("server:\n  threads: 99\n  listen: true\nmood: x\nmode: slow\n"),
            directory_ + "/c.yaml: seal: is required (or set KASBAH_SEAL)\n" +  //
                directory_ + "/c.yaml:2: server.threads: must be from 1 to 64\n" + directory_ +
                "/c.yaml:3: server.listen: must be text (put it in quotes)\n" + directory_ +
                "/c.yaml:4: mood: is not a known setting\n" + directory_ +
                "/c.yaml:5: mode: must be one of fast, safe");
}

TEST_F(ConfigTest, MissingFileIsOneError) {
  Example example;
  const absl::Status status =
      Load(directory_ + "/absent.yaml", [&](Section& s) { example.Read(s); });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(status.message(), directory_ + "/absent.yaml: no such file");
}

TEST_F(ConfigTest, FilesThatSettingsNameMustExist) {
  std::string seal;
  std::string tls;
  const absl::Status status =
      Load(File("seal: /nowhere/seal\ntls: /nowhere\n"), [&](Section& root) {
        root.Field("seal", &seal, "Seal").ReadableFile();
        root.Field("tls", &tls, "TLS").Directory();
      });
  EXPECT_THAT(status.message(), HasSubstr(":1: seal: no such file: /nowhere/seal"));
  EXPECT_THAT(status.message(), HasSubstr(":2: tls: no such directory: /nowhere"));
}

TEST_F(ConfigTest, EnvironmentWinsOverTheFile) {
  setenv("KASBAH_SERVER__LISTEN", "127.0.0.1:7", 1);
  setenv("KASBAH_SERVER__THREADS", "8", 1);
  setenv("KASBAH_ALLOW", "a, b", 1);
  Example example;
  const absl::Status status = LoadText("seal: x\nserver: {listen: 'h:1', threads: 2}\n", &example);
  setenv("KASBAH_SERVER__THREADS", "eight", 1);
  Example other;
  const absl::Status bad = LoadText("seal: x\n", &other);
  unsetenv("KASBAH_SERVER__LISTEN");
  unsetenv("KASBAH_SERVER__THREADS");
  unsetenv("KASBAH_ALLOW");
  ASSERT_OK(status);
  EXPECT_EQ(example.listen, "127.0.0.1:7");
  EXPECT_EQ(example.threads, 8);
  EXPECT_THAT(example.allow, ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(bad.message(),
            "environment KASBAH_SERVER__THREADS: server.threads: must be a whole number");
}

TEST_F(ConfigTest, AListOfMappingsIsASectionEach) {
  std::vector<std::pair<std::string, int>> clusters;
  const auto read = [&](Section& root) {
    clusters.clear();
    for (Section* item : root.Items("clusters", "Clusters")) {
      auto& [name, size] = clusters.emplace_back("", 3);
      item->Field("name", &name, "Its name").Required();
      item->Field("size", &size, "How big").Range(1, 9);
    }
  };
  ASSERT_OK(Load(File("clusters:\n  - name: a\n  - {name: b, size: 5}\n"), read));
  EXPECT_THAT(clusters, ::testing::ElementsAre(::testing::Pair("a", 3), ::testing::Pair("b", 5)));
  ASSERT_OK(Load(File("clusters: []\n"), read));
  EXPECT_TRUE(clusters.empty());
  ASSERT_OK(Load(File("{}\n"), read));

  const absl::Status refused =
      Load(File("clusters:\n  - {name: a, colour: red}\n  - {size: 99}\n  - text\n"), read);
  const std::string text(refused.message());
  EXPECT_THAT(text, HasSubstr("c.yaml:2: clusters.0.colour: is not a known setting"));
  EXPECT_THAT(text, HasSubstr("clusters.1.name: is required"));
  EXPECT_THAT(text, HasSubstr("c.yaml:3: clusters.1.size: must be from 1 to 9"));
  EXPECT_THAT(text, HasSubstr("c.yaml:4: clusters: must be a list of mappings"));
  EXPECT_FALSE(Load(File("clusters: {name: a}\n"), read).ok());

  const auto schema = nlohmann::json::parse(Schema(read));
  const auto& list = schema["properties"]["clusters"];
  EXPECT_EQ(list["type"], "array");
  EXPECT_EQ(list["items"]["required"], nlohmann::json({"name"}));
}

TEST_F(ConfigTest, SchemaNamesTypesDefaultsAndWhatIsRequired) {
  Example example;
  const auto schema = nlohmann::json::parse(Schema([&](Section& root) { example.Read(root); }));
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], nlohmann::json({"seal"}));
  EXPECT_EQ(schema["properties"]["mode"]["enum"], nlohmann::json({"fast", "safe"}));
  const auto& server = schema["properties"]["server"];
  EXPECT_EQ(server["description"], "The listener");
  EXPECT_EQ(server["properties"]["threads"]["type"], "integer");
  EXPECT_EQ(server["properties"]["threads"]["maximum"], 64);
  EXPECT_EQ(server["properties"]["threads"]["default"], 16);
  EXPECT_EQ(server["properties"]["drain"]["default"], "20s");
}

class MainTest : public ConfigTest {
 protected:
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "kasbah-example");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const int code = Main(
        static_cast<int>(argv.size()), argv.data(), "kasbah-example", "An example.",
        [this](Section& root) { example_.Read(root); },
        [this] {
          started_ = true;
          return result_;
        });
    err_ = ::testing::internal::GetCapturedStderr();
    out_ = ::testing::internal::GetCapturedStdout();
    return code;
  }

  Example example_;
  bool started_ = false;
  absl::Status result_;
  std::string err_;
  std::string out_;
};

TEST_F(MainTest, BadConfigPrintsEveryErrorAndStartsNothing) {
  EXPECT_EQ(Run({"--config", File("server: {threads: 0}\nx: 1\n")}), 2);
  EXPECT_FALSE(started_);
  EXPECT_THAT(err_, HasSubstr("server.threads: must be from 1 to 64\n"));
  EXPECT_THAT(err_, HasSubstr("x: is not a known setting\n"));
  EXPECT_THAT(err_, HasSubstr("seal: is required"));
}

TEST_F(MainTest, CheckConfigStartsNothing) {
  EXPECT_EQ(Run({"--config=" + File("seal: x\n"), "--check-config"}), 0);
  EXPECT_FALSE(started_);
}

TEST_F(MainTest, RunsAndReportsAFailureWithExitOne) {
  EXPECT_EQ(Run({"--config", File("seal: x\nlog_level: error\n")}), 0);
  EXPECT_TRUE(started_);
  result_ = absl::UnavailableError("port taken");
  EXPECT_EQ(Run({"--config", File("seal: x\n")}), 1);
  EXPECT_THAT(err_, HasSubstr("port taken"));
}

TEST_F(MainTest, UnknownArgumentsAreBadUsage) {
  EXPECT_EQ(Run({"--confg", "x"}), 2);
  EXPECT_EQ(Run({"--config"}), 2);
  EXPECT_FALSE(started_);
}

TEST_F(MainTest, VersionHelpAndSchemaGoToStandardOutput) {
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_THAT(out_, HasSubstr("kasbah-example 0."));
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("--check-config"));
  EXPECT_EQ(Run({"--print-config-schema"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"log_level\""));
  EXPECT_FALSE(started_);
}

}  // namespace
}  // namespace kasbah::config
