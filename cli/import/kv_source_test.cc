// Against a server of the test's own that speaks KV version 2, and against one that lies.
#include "cli/import/kv_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/import/kv_json.h"
#include "libs/base/strings.h"
#include "libs/testing/kv_server.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KvServer;
using ::testing::Not;

class KvSourceTest : public ::testing::Test {
 protected:
  KvSourceOptions Options() const {
    return {.address = server_.address(),
            .ca_file = "",
            .token = KvServer::kToken,
            .name_space = KvServer::kNamespace,
            .mount = "secret",
            .patience = absl::ZeroDuration(),
            .timeout = absl::Seconds(20)};
  }
  std::unique_ptr<KvSource> Make(const KvSourceOptions& options) {
    auto source = KvSource::Create(options);
    EXPECT_OK(source);
    return *std::move(source);
  }
  // What a walk ends with where every answer is this one.
  std::string WalkWhere(int status, const std::string& body,
                        std::map<std::string, std::string> headers = {}) {
    server_.SetOverride([=](const http::Request&) {
      return http::Response{.status = status, .body = body, .headers = headers};
    });
    return Make(Options())->Walk("", ignore_).status().ToString();
  }
  std::string ReadWhere(const std::string& body) {
    server_.SetOverride([=](const http::Request&) { return http::Response{.body = body}; });
    return Make(Options())->Read("a", 1).status().ToString();
  }
  std::string MetadataWhere(const std::string& data) {
    server_.SetOverride([=](const http::Request&) {
      return http::Response{.body = StrCat("{\"data\":", data, "}")};
    });
    return Make(Options())->Metadata("a").status().ToString();
  }

  KvServer server_;
  const KvSource::OnRefused ignore_ = [](const std::string&, const absl::Status&) {};
};

TEST_F(KvSourceTest, WalksFoldersAndReadsVersions) {
  server_.Put("top", {{"k", "1"}});
  server_.Put("app/db", {{"password", "one"}});
  server_.Put("app/db", {{"password", "two"}, {"port", 5432}});
  server_.Put("app/db", {{"password", "three"}});
  server_.Put("app/db/replica", {{"x", ""}});
  server_.Put("a b/ü%#?", {{"x", "y"}});
  server_.Delete("app/db", 1);
  server_.Destroy("app/db", 3);
  server_.SetCustomMetadata("app/db", {{"owner", "web"}});
  const auto source = Make(Options());
  ASSERT_OK_AND_ASSIGN(const auto all, source->Walk("", ignore_));
  EXPECT_THAT(all, ElementsAre("a b/ü%#?", "app/db", "app/db/replica", "top"));
  ASSERT_OK_AND_ASSIGN(const auto some, source->Walk("/app/db/", ignore_));
  EXPECT_THAT(some, ElementsAre("app/db", "app/db/replica"));

  ASSERT_OK_AND_ASSIGN(const auto metadata, source->Metadata("app/db"));
  EXPECT_EQ(metadata->current_version, 3u);
  EXPECT_EQ(metadata->custom_metadata.at("owner"), "web");
  EXPECT_TRUE(metadata->versions.at(1).is_gone);
  EXPECT_FALSE(metadata->versions.at(2).is_gone);
  EXPECT_TRUE(metadata->versions.at(3).is_gone);
  ASSERT_OK_AND_ASSIGN(const auto two, source->Read("app/db", 2));
  EXPECT_EQ(CanonicalJson(*two), R"({"password":"two","port":5432})");
  for (const uint32_t gone : {1u, 3u, 4u}) {
    ASSERT_OK_AND_ASSIGN(const auto none, source->Read("app/db", gone));
    EXPECT_FALSE(none.has_value());
  }
  ASSERT_OK_AND_ASSIGN(const auto odd, source->Read("a b/ü%#?", 1));
  EXPECT_EQ((*odd)["x"], "y");
  ASSERT_OK_AND_ASSIGN(const auto absent, source->Metadata("absent"));
  EXPECT_FALSE(absent.has_value());
}

TEST_F(KvSourceTest, RefusalsAreTheServersOwnWords) {
  KvSourceOptions wrong = Options();
  wrong.token = "s.another";
  EXPECT_THAT(Make(wrong)->Walk("", ignore_).status().ToString(),
              HasSubstr("answered 403: permission denied"));
  wrong = Options();
  wrong.name_space = "another";
  EXPECT_TRUE(absl::IsPermissionDenied(Make(wrong)->Walk("", ignore_).status()));
  wrong = Options();
  wrong.mount = "kv";
  EXPECT_THAT(Make(wrong)->Walk("", ignore_).status().ToString(),
              HasSubstr("no handler for route"));
}

TEST_F(KvSourceTest, AFolderThatIsRefusedDoesNotHideTheOthers) {
  server_.Put("mine/a", {{"k", "1"}});
  server_.Put("yours/b", {{"k", "1"}});
  server_.SetOverride([](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("/yours/") == std::string::npos) return std::nullopt;
    return http::Response{.status = 403, .body = R"({"errors":["1 error occurred:\n\t* denied"]})"};
  });
  std::string refused;
  const auto source = Make(Options());
  ASSERT_OK_AND_ASSIGN(const auto paths,
                       source->Walk("", [&](const std::string& folder, const absl::Status& status) {
                         refused += folder + " " + std::string(status.message());
                       }));
  EXPECT_THAT(paths, ElementsAre("mine/a"));
  EXPECT_THAT(refused, HasSubstr("yours/ team/secret/yours/: answered 403: 1 error occurred:"));
  EXPECT_THAT(refused, Not(HasSubstr("\n")));
}

TEST_F(KvSourceTest, ATokenThatTheServerSaysIsNotPassedOn) {
  const std::string said =
      WalkWhere(400, StrCat(R"({"errors":["bad token )", KvServer::kToken, "\x1b[31m", "\"]}"));
  EXPECT_THAT(said, Not(HasSubstr("canary")));
  // A control character makes it no JSON at all.
  EXPECT_THAT(WalkWhere(400, StrCat(R"({"errors":["bad token )", KvServer::kToken, "\"]}")),
              HasSubstr("bad token (token)"));
}

TEST_F(KvSourceTest, ALyingServerIsRefused) {
  EXPECT_THAT(WalkWhere(200, "<html>login</html>"), HasSubstr("that is not JSON"));
  EXPECT_THAT(WalkWhere(404, "<html>not here</html>"), HasSubstr("that is not JSON"));
  EXPECT_THAT(WalkWhere(200, R"({"data":{"keys":["a")"), HasSubstr("not JSON"));
  EXPECT_THAT(WalkWhere(200, R"({"data":{"keys":["a",7]}})"), HasSubstr("a name that is none"));
  for (const char* name : {"..", "../", "", "/", "a/b", "a//", "a\\u0000b", "a\\nb"}) {
    EXPECT_THAT(WalkWhere(200, StrCat(R"({"data":{"keys":[")", name, "\"]}}")),
                HasSubstr("a name that is none"))
        << name;
  }
  EXPECT_THAT(WalkWhere(200, std::string(1'000'000, '[')), HasSubstr("not JSON"));
  EXPECT_THAT(WalkWhere(307, "", {{"location", "http://127.0.0.1:1/v1/"}}),
              HasSubstr("name the active server"));
  EXPECT_THAT(WalkWhere(503, R"({"errors":["Vault is sealed"]})"),
              HasSubstr("UNAVAILABLE: team/secret/: answered 503: Vault is sealed"));
  EXPECT_THAT(WalkWhere(204, ""), HasSubstr("answered 204"));

  const auto version = [](const std::string& data, const std::string& number) {
    return StrCat(R"({"data":{"data":)", data, R"(,"metadata":{"version":)", number, "}}}");
  };
  EXPECT_THAT(ReadWhere(version(R"({"k":"v"})", "2")), HasSubstr("another version"));
  EXPECT_THAT(ReadWhere(version("null", "1")), HasSubstr("no object"));
  EXPECT_THAT(ReadWhere("{\"data\":null}"), HasSubstr("without data"));
  const std::string inexact = ReadWhere(version(R"({"k":123456789012345678901234567890})", "1"));
  EXPECT_THAT(inexact, HasSubstr("more digits"));
  EXPECT_THAT(inexact, Not(HasSubstr("1234567")));

  EXPECT_THAT(MetadataWhere(R"({"current_version":3,"versions":{"1":{},"3":{}}})"),
              HasSubstr("gaps"));
  EXPECT_THAT(MetadataWhere(R"({"current_version":4000000000,"versions":{"1":{}}})"),
              HasSubstr("gaps"));
  EXPECT_THAT(MetadataWhere(R"({"current_version":1,"versions":{"x":{}}})"),
              HasSubstr("without a number"));
  EXPECT_THAT(MetadataWhere(R"({"current_version":-1,"versions":{}})"), HasSubstr("metadata"));
}

TEST_F(KvSourceTest, AnEndlessTreeComesToAnEnd) {
  server_.SetOverride(
      [](const http::Request&) { return http::Response{.body = R"({"data":{"keys":["a/"]}})"}; });
  int refused = 0;
  const auto source = Make(Options());
  ASSERT_OK_AND_ASSIGN(const auto paths,
                       source->Walk("", [&](const auto&, const auto&) { ++refused; }));
  EXPECT_TRUE(paths.empty());
  EXPECT_EQ(refused, 1);
}

TEST_F(KvSourceTest, AServerThatRecoversIsAskedAgain) {
  server_.Put("a", {{"k", "1"}});
  int calls = 0;
  server_.SetOverride([&](const http::Request&) -> std::optional<http::Response> {
    if (++calls > 2) return std::nullopt;
    return http::Response{.status = calls == 1 ? 429 : 500, .body = "{}"};
  });
  KvSourceOptions options = Options();
  options.patience = absl::Seconds(20);
  ASSERT_OK_AND_ASSIGN(const auto paths, Make(options)->Walk("", ignore_));
  EXPECT_THAT(paths, ElementsAre("a"));
  EXPECT_EQ(calls, 3);
}

TEST_F(KvSourceTest, TheTokenTravelsInNoClearText) {
  KvSourceOptions options = Options();
  options.address = "http://vault.example.com:8200";
  EXPECT_THAT(KvSource::Create(options).status().ToString(), HasSubstr("has to be https"));
  for (const char* address : {"vault.example.com", "ftp://x", "https://user:pw@x/", ""}) {
    options.address = address;
    EXPECT_FALSE(KvSource::Create(options).ok()) << address;
  }
  options = Options();
  options.token = "";
  EXPECT_FALSE(KvSource::Create(options).ok());
}

}  // namespace
}  // namespace kasbah::cli
