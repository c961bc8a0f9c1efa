#include "services/csi_provider/domain/mount_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "libs/testing/status_matchers.h"
#include "services/csi_provider/domain/object_list.h"
#include <nlohmann/json.hpp>

namespace kasbah::csi_provider {
namespace {

using ::kasbah::testing::ReasonIs;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTokens[] = "csi.storage.k8s.io/serviceAccount.tokens";
constexpr char kTenant[] = "ten_01h455vb4pex5vsknk084sn02q";

json TokensOf(const std::string& audience, const std::string& token) {
  return {{audience, {{"token", token}, {"expirationTimestamp", "2030-01-01T00:00:00Z"}}}};
}

json Attributes() {
  return {{"tenant", kTenant},
          {"objects", "- secret: prod/db-url\n"},
          {"secretProviderClass", "web"},
          {"csi.storage.k8s.io/pod.name", "web-1"},
          {"csi.storage.k8s.io/pod.namespace", "shop"},
          {"csi.storage.k8s.io/pod.uid", "uid-1"},
          {"csi.storage.k8s.io/serviceAccount.name", "web"},
          {kTokens, TokensOf("kasbah", "the-token").dump()}};
}

absl::StatusOr<MountOrder> Parse(const json& attributes, const json& secrets = json::object(),
                                 const std::string& permission = "420") {
  return ParseMountOrder(attributes.dump(), secrets.dump(), permission, "kasbah");
}

absl::StatusOr<MountOrder> WithObjects(const std::string& objects) {
  json attributes = Attributes();
  attributes["objects"] = objects;
  return Parse(attributes);
}

TEST(MountOrder, HoldsWhatTheDriverAndTheClassSay) {
  ASSERT_OK_AND_ASSIGN(const MountOrder order, Parse(Attributes()));
  EXPECT_EQ(order.tenant.ToString(), kTenant);
  EXPECT_EQ(order.namespace_name, "shop");
  EXPECT_EQ(order.pod_name, "web-1");
  EXPECT_EQ(order.pod_uid, "uid-1");
  EXPECT_EQ(order.token, "the-token");
  ASSERT_EQ(order.objects.size(), 1u);
  EXPECT_EQ(order.objects[0].secret, "prod/db-url");
  EXPECT_EQ(order.objects[0].path, "prod/db-url");
  EXPECT_EQ(order.objects[0].version, 0u);
  EXPECT_EQ(order.objects[0].mode, 0644);
}

TEST(MountOrder, ObjectsNameVersionPathAndMode) {
  ASSERT_OK_AND_ASSIGN(const MountOrder order,
                       WithObjects("- secret: prod/db-url\n"
                                   "  version: 3\n"
                                   "  path: db/url\n"
                                   "  mode: \"0400\"\n"
                                   "- {secret: sec_01h455vb4pex5vsknk084sn02q, mode: 640}\n"));
  ASSERT_EQ(order.objects.size(), 2u);
  EXPECT_EQ(order.objects[0].version, 3u);
  EXPECT_EQ(order.objects[0].path, "db/url");
  EXPECT_EQ(order.objects[0].mode, 0400);
  EXPECT_EQ(order.objects[1].mode, 0640);
  EXPECT_EQ(order.objects[1].path, "sec_01h455vb4pex5vsknk084sn02q");
}

TEST(MountOrder, TheTokenMayComeAmongTheSecrets) {
  json attributes = Attributes();
  attributes.erase(kTokens);
  EXPECT_THAT(Parse(attributes), ReasonIs("TOKEN_MISSING"));
  ASSERT_OK_AND_ASSIGN(const MountOrder order,
                       Parse(attributes, {{kTokens, TokensOf("kasbah", "t").dump()}}));
  EXPECT_EQ(order.token, "t");
  EXPECT_THAT(Parse(attributes, {{kTokens, TokensOf("another", "t").dump()}}),
              ReasonIs("TOKEN_MISSING"));
}

TEST(MountOrder, WhatIsMissingHasAReasonOfItsOwn) {
  for (const char* name : {"csi.storage.k8s.io/pod.name", "csi.storage.k8s.io/pod.namespace",
                           "csi.storage.k8s.io/pod.uid"}) {
    json attributes = Attributes();
    attributes.erase(name);
    EXPECT_THAT(Parse(attributes), ReasonIs("ATTRIBUTES_INVALID")) << name;
  }
  for (const char* tenant : {"", "acme", "cus_01h455vb4pex5vsknk084sn02q"}) {
    json attributes = Attributes();
    attributes["tenant"] = tenant;
    EXPECT_THAT(Parse(attributes), ReasonIs("TENANT_INVALID")) << tenant;
  }
  EXPECT_THAT(ParseMountOrder("{", "", "", "kasbah"), ReasonIs("ATTRIBUTES_INVALID"));
  EXPECT_THAT(ParseMountOrder("[]", "[]", "", "kasbah"), ReasonIs("ATTRIBUTES_INVALID"));
  EXPECT_THAT(Parse(Attributes(), json::object(), "rw-r--r--"), ReasonIs("ATTRIBUTES_INVALID"));
  EXPECT_THAT(Parse(Attributes(), json::object(), "512"), ReasonIs("ATTRIBUTES_INVALID"));
}

TEST(MountOrder, ListsThatDoNotHoldAreRefused) {
  for (const char* objects :
       {"", "text", "{}", "[]", "- text", "- {}", "- path: x", "- [a]", "- {secret: a, kind: b}",
        "- {secret: a, secret: b}", "- {secret: a, version: latest}", "- {secret: a, version: -1}",
        "- {secret: a, mode: rw}", "- {secret: a, mode: 0999}", "- {secret: a, mode: 1777}",
        "- {secret: a, mode: {b: c}}", "- secret: [a", "\t"}) {
    EXPECT_THAT(WithObjects(objects), ReasonIs("OBJECTS_INVALID")) << objects;
  }
  std::string many;
  for (int i = 0; i < 101; ++i) many += "- secret: s" + std::to_string(i) + "\n";
  EXPECT_THAT(WithObjects(many), ReasonIs("OBJECTS_INVALID"));
  EXPECT_THAT(std::string(WithObjects("- secret: a\n- {secret: b, mode: x}").status().message()),
              HasSubstr("object 2"));
}

TEST(MountOrder, NoFileLeavesTheVolumeOrIsInAnothersPlace) {
  for (const char* path : {"\"\"", "/etc/passwd", "../x", "a/../x", "..", ".", "a//b", "a/", "a/.",
                           "...", "a b", "\"a\\0b\"", "\"a\\nb\"", "é"}) {
    EXPECT_THAT(WithObjects(std::string("- {secret: a, path: ") + path + "}"),
                ReasonIs("PATH_INVALID"))
        << path;
  }
  EXPECT_THAT(WithObjects("- {secret: ../a}"), ReasonIs("PATH_INVALID"));
  EXPECT_THAT(WithObjects("- {secret: a, path: x}\n- {secret: b, path: x}"),
              ReasonIs("PATH_INVALID"));
  EXPECT_THAT(WithObjects("- {secret: a, path: x/y}\n- {secret: b, path: x}"),
              ReasonIs("PATH_INVALID"));
  EXPECT_OK(WithObjects("- {secret: a, path: x/y}\n- {secret: b, path: x.y}\n- {secret: a}"));
}

TEST(MountOrder, ErrorsSayNothingOfTheToken) {
  json attributes = Attributes();
  attributes[kTokens] = R"({"kasbah":{"token":"the-token")";
  EXPECT_THAT(std::string(Parse(attributes).status().message()), Not(HasSubstr("the-token")));
  attributes = Attributes();
  attributes["tenant"] = "x";
  EXPECT_THAT(std::string(Parse(attributes).status().message()), Not(HasSubstr("the-token")));
}

TEST(ObjectVersion, TellsStatesApart) {
  const MountObject object{"prod/db-url", 0, "db-url", 0400};
  MountObject elsewhere = object;
  elsewhere.path = "url";
  MountObject open = object;
  open.mode = 0444;
  const std::set<std::string> versions = {
      ObjectVersionOf(object, "sec_a", 1), ObjectVersionOf(object, "sec_a", 2),
      ObjectVersionOf(object, "sec_b", 1), ObjectVersionOf(elsewhere, "sec_a", 1),
      ObjectVersionOf(open, "sec_a", 1)};
  EXPECT_EQ(versions.size(), 5u);
  EXPECT_EQ(ObjectVersionOf(object, "sec_a", 1), ObjectVersionOf(object, "sec_a", 1));
  EXPECT_THAT(ObjectVersionOf(object, "sec_a", 7), ::testing::StartsWith("v7-"));
}

}  // namespace
}  // namespace kasbah::csi_provider
