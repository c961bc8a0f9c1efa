#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "cli/inject/child.h"
#include "cli/inject/secret_files.h"
#include "cli/inject/secret_spec.h"
#include "cli/inject/template.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::cli {
namespace {

using kasbah::testing::StatusIs;
using ::testing::HasSubstr;

TEST(SecretSpec, NamesAVariableASecretAndPerhapsAVersion) {
  ASSERT_OK_AND_ASSIGN(SecretSpec spec, ParseSecretSpec("DB_URL=prod/db-url"));
  EXPECT_EQ(spec.name, "DB_URL");
  EXPECT_EQ(spec.secret, "prod/db-url");
  EXPECT_EQ(spec.version, 0u);
  ASSERT_OK_AND_ASSIGN(spec, ParseSecretSpec("_x1=sec_01h@12"));
  EXPECT_EQ(spec.secret, "sec_01h");
  EXPECT_EQ(spec.version, 12u);
  for (const char* text : {"", "X", "X=", "=s", "1X=s", "X-Y=s", "X=s@", "X=s@0", "X=s@one"}) {
    EXPECT_THAT(ParseSecretSpec(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

absl::StatusOr<std::string> Rendered(const std::string& text) {
  return RenderTemplate(text, [](const SecretSpec& spec) -> absl::StatusOr<std::string> {
    if (spec.secret == "absent") return absl::NotFoundError("secret not found");
    return spec.secret + "#" + std::to_string(spec.version) + "\"";
  });
}

TEST(Template, PlacesAreFilled) {
  EXPECT_EQ(*Rendered("no place"), "no place");
  EXPECT_EQ(*Rendered("a {{ secret \"p/x\" }} b"), "a p/x#0\" b");
  EXPECT_EQ(*Rendered("{{secret \"p\" 3}}{{secret \"p\" 4}}"), "p#3\"p#4\"");
  EXPECT_EQ(*Rendered("{{ secret \"p\" | json }}"), "\"p#0\\\"\"");
  EXPECT_EQ(*Rendered("{{ secret \"p\" 1 | base64 }}"), "cCMxIg==");
  EXPECT_EQ(*Rendered("{{ \"{{ }}\" }}"), "{{ }}");
}

TEST(Template, WhatSaysNothingIsNamedByItsLine) {
  for (const char* text :
       {"{{", "{{ }}", "{{ secret }}", "{{ secret p }}", "{{ secret \"p\" x }}",
        "{{ secret \"p\" | upper }}", "{{ secret \"p\" |}}", "{{ \"a\" b }}", "{{ secret \"p }}"}) {
    const auto rendered = Rendered(std::string("first\n") + text);
    EXPECT_THAT(rendered, StatusIs(absl::StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(rendered.status().ToString(), HasSubstr("line 2")) << text;
  }
  EXPECT_THAT(Rendered("{{ secret \"absent\" }}"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(Template, ASecretIsReadOnce) {
  int reads = 0;
  const auto rendered = RenderTemplate("{{ secret \"p\" }}{{ secret \"p\" }}{{ secret \"p\" 1 }}",
                                       [&](const SecretSpec&) -> absl::StatusOr<std::string> {
                                         ++reads;
                                         return "v";
                                       });
  EXPECT_EQ(*rendered, "vvv");
  EXPECT_EQ(reads, 2);
}

TEST(SecretFiles, StandInMemoryForTheirOwnerAloneAndGo) {
  std::string path;
  {
    ASSERT_OK_AND_ASSIGN(SecretFiles files, SecretFiles::Make());
    ASSERT_OK_AND_ASSIGN(path, files.Write("DB_URL", "value"));
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0400u);
    ASSERT_EQ(stat(std::filesystem::path(path).parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "value");
    EXPECT_FALSE(files.Write("DB_URL", "again").ok());
  }
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

TEST(Child, HasTheSecretsAndNotOurCredentials) {
  setenv("KASBAH_API_KEY", "ours", 1);
  setenv("SHADOWED", "old", 1);
  EXPECT_EQ(*RunChild({"sh", "-c",
                       "test \"$DB_URL\" = 'a b' && test \"$SHADOWED\" = new && test -z "
                       "\"$KASBAH_API_KEY\" && test -n \"$PATH\""},
                      {{"DB_URL", "a b"}, {"SHADOWED", "new"}}),
            0);
}

TEST(Child, ItsExitCodeIsOurs) {
  EXPECT_EQ(*RunChild({"sh", "-c", "exit 7"}, {}), 7);
  EXPECT_EQ(*RunChild({"sh", "-c", "kill -KILL $$"}, {}), 128 + SIGKILL);
  EXPECT_THAT(RunChild({"/nonexistent/program"}, {}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(Child, SignalsThatAreSentToUsAreSentOn) {
  // It says by a file that its trap stands, and ends by it alone.
  char directory[] = "/tmp/kasbah-child-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string ready = std::string(directory) + "/ready";
  std::thread sender([&] {
    while (!std::filesystem::exists(ready)) std::this_thread::yield();
    kill(getpid(), SIGTERM);
  });
  EXPECT_EQ(
      *RunChild(
          {"sh", "-c", "trap 'exit 42' TERM; : > " + ready + "; while :; do sleep 0.01; done"}, {}),
      42);
  sender.join();
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace kasbah::cli
