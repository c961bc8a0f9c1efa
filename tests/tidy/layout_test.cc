// The house rules that a compiler does not check: who may include whom, and where dangerous things
// may be written.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/tidy/source_tree.h"

namespace kasbah::tidy {
namespace {

bool IsTest(const std::string& path) {
  return absl::EndsWith(path, "_test.cc") || absl::EndsWith(path, "_pgtest.cc") ||
         absl::StrContains(path, "/testdata/") || absl::StartsWith(path, "tests/") ||
         absl::StartsWith(path, "libs/testing/") || absl::StrContains(path, "_fixture.");
}

// Which libraries each library may include: everything below it.
const std::map<std::string, std::set<std::string>>& LibraryLayers() {
  static const auto* layers = new std::map<std::string, std::set<std::string>>{
      {"base", {}},
      {"payload", {"base"}},
      {"crypto", {"base"}},
      {"merkle", {"base", "crypto"}},
      {"telemetry", {"base"}},
      {"config", {"base", "telemetry"}},
      {"ratelimit", {"base"}},
      {"postgres", {"base", "telemetry"}},
      {"outbox", {"base", "payload", "crypto", "telemetry", "postgres"}},
      {"http", {"base", "crypto", "telemetry"}},
      {"reporting", {"base", "crypto", "config", "telemetry", "http"}},
      {"dns", {"base"}},
      {"aws", {"base", "crypto", "telemetry", "http"}},
      {"objects", {"base", "telemetry", "aws"}},
      {"rpc", {"base", "crypto", "config", "telemetry", "ratelimit", "http"}},
      {"subject", {"base", "postgres", "outbox", "rpc"}},
      {"ciphertexts", {"base", "crypto", "postgres", "rpc"}},
      {"usage", {"base", "postgres", "outbox", "rpc"}},
      {"kept_values", {"base", "payload", "crypto", "rpc"}},
      {"service",
       {"base", "crypto", "config", "telemetry", "reporting", "ratelimit", "http", "postgres",
        "outbox", "rpc"}},
      {"dev", {"base", "crypto", "config", "telemetry", "postgres", "http"}},
      {"testing", {"base", "crypto", "postgres", "dev", "http"}},
  };
  return *layers;
}

std::string LibraryFault(const std::string& from, const std::string& to) {
  const std::string library = from.substr(5);
  const auto rule = LibraryLayers().find(library);
  if (rule == LibraryLayers().end()) return "is a library without a place in the layers";
  if (!absl::StartsWith(to, "libs/")) return "points up";
  const std::string target = to.substr(5);
  if (target != library && !rule->second.contains(target)) return "points up";
  return "";
}

std::string ServiceFault(const std::string& from, const std::string& to) {
  const std::vector<std::string> source = absl::StrSplit(from, '/');
  if (absl::StartsWith(to, "libs/")) {
    const std::string layer = source.size() > 2 ? source[2] : "";
    if (layer == "domain" && (to == "libs/rpc" || to == "libs/postgres" || to == "libs/service")) {
      return "domain knows neither gRPC nor SQL";
    }
    if (layer == "store" && (to == "libs/rpc" || to == "libs/service"))
      return "stores do not know gRPC";
    if (to == "libs/dev") return "development code in a service";
    return "";
  }
  if (!absl::StartsWith(to, "services/")) return "points up";
  const std::vector<std::string> target = absl::StrSplit(to, '/');
  if (target[1] != source[1]) return "another service's code";
  const std::string from_layer = source.size() > 2 ? source[2] : "app";
  const std::string to_layer = target.size() > 2 ? target[2] : "app";
  if (from_layer == "app" || from_layer == to_layer || to_layer == "domain") return "";
  if (to_layer == "app") return "points up";
  if (from_layer == "domain") return "domain stands alone";
  if (from_layer == "store") return "stores know domain alone";
  return "";
}

TEST(Layers, ArrowsPointDownOnly) {
  for (const SourceFile& file : ReadSourceTree()) {
    if (IsTest(file.path)) continue;
    const std::string from = ModuleOf(file.path);
    for (const Include& include : OwnIncludes(file)) {
      const std::string to = ModuleOf(include.target);
      std::string fault;
      if (absl::StartsWith(from, "libs/")) fault = LibraryFault(from, to);
      if (absl::StartsWith(from, "services/")) fault = ServiceFault(from, to);
      if (from == "cli" && absl::StartsWith(to, "tests")) fault = "points up";
      EXPECT_EQ(fault, "") << file.path << ":" << include.line << " includes " << include.target;
    }
  }
}

TEST(Layers, ARuleIsBrokenByTheIncludesItForbids) {
  EXPECT_NE(LibraryFault("libs/base", "libs/rpc"), "");
  EXPECT_NE(LibraryFault("libs/rpc", "libs/postgres"), "");
  EXPECT_NE(LibraryFault("libs/unknown", "libs/base"), "");
  EXPECT_NE(ServiceFault("services/vault/rpc", "services/auth/domain"), "");
  EXPECT_NE(ServiceFault("services/vault/domain", "services/vault/store"), "");
  EXPECT_NE(ServiceFault("services/vault/domain", "libs/postgres"), "");
  EXPECT_EQ(ServiceFault("services/vault/rpc", "services/vault/store"), "");
}

// A pattern that may stand in the named places alone.
struct Reserved {
  const char* what;
  const char* pattern;
  std::vector<std::string> places;
  bool in_tests_too = false;
};

TEST(House, DangerousThingsStandWhereTheyBelong) {
  const std::vector<Reserved> rules = {
      {"only libs/postgres knows libpqxx", R"re(#include <pqxx)re", {"libs/postgres/"}},
      {"only libs/postgres drives libpq",
       R"re(\bPQ(exec|send|connect)\w*\()re",
       {"libs/postgres/"}},
      {"only libs/rpc makes a grpc::Status",
       R"re(grpc::Status\((grpc::StatusCode|grpc::)\w+)re",
       {"libs/rpc/"}},
      {"only libs/http speaks to the outside", R"re(#include <curl/)re", {"libs/http/"}},
      {"only libs/dns asks resolvers", R"re(#include <ares\.h>)re", {"libs/dns/"}},
      {"only libs/crypto knows OpenSSL's primitives",
       R"re(#include <openssl/(evp|hmac|sha|kdf)\.h>)re",
       {"libs/crypto/", "libs/base/", "libs/dev/certificate_authority", "libs/rpc/tls",
        "libs/postgres/", "libs/telemetry/"}},
      {"doors are opened where objects are built",
       R"re(DoorToken::\w+\()re",
       {"services/", "libs/service/", "libs/postgres/door_token.h"}},
      {"only what wraps libpqxx throws", R"re(\bthrow\b [^;]*;)re", {"libs/postgres/"}},
      {"no process ends from inside",
       R"re(\b(exit|abort)\()re",
       {"libs/base/", "libs/config/", "libs/dev/", "cli/"}},
  };
  for (const Reserved& rule : rules) {
    const RE2 pattern(rule.pattern);
    for (const SourceFile& file : ReadSourceTree()) {
      if (IsTest(file.path) && !rule.in_tests_too) continue;
      bool allowed = false;
      for (const std::string& place : rule.places) allowed |= absl::StartsWith(file.path, place);
      if (allowed) continue;
      for (size_t i = 0; i < file.lines.size(); ++i) {
        const std::string code = file.lines[i].substr(0, file.lines[i].find("//"));
        EXPECT_FALSE(RE2::PartialMatch(code, pattern))
            << rule.what << ": " << file.path << ":" << i + 1 << ": " << file.lines[i];
      }
    }
  }
}

TEST(House, FilesReadWell) {
  const RE2 unfinished(R"re(\b(TODO|FIXME|XXX|HACK)\b)re");
  for (const SourceFile& file : ReadSourceTree()) {
    if (file.path == "tests/tidy/layout_test.cc") continue;
    EXPECT_LE(file.lines.size(), 500u) << file.path << " holds more than one idea";
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string where = absl::StrCat(file.path, ":", i + 1);
      EXPECT_FALSE(RE2::PartialMatch(file.lines[i], unfinished)) << where;
      EXPECT_FALSE(absl::EndsWith(file.lines[i], " ")) << where << " ends in a space";
      // A UTF-8 character counts once.
      size_t columns = 0;
      for (char c : file.lines[i]) columns += (c & 0xC0) != 0x80;
      if (!absl::StrContains(file.lines[i], "http")) {
        EXPECT_LE(columns, 100u) << where;
      }
    }
    if (absl::EndsWith(file.path, ".h")) {
      EXPECT_TRUE(!file.lines.empty() && file.lines[0] == "#pragma once") << file.path;
    }
  }
}

}  // namespace
}  // namespace kasbah::tidy
