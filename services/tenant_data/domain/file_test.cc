#include "services/tenant_data/domain/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/error.h"
#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"
#include "services/tenant_data/domain/content_type.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;

TEST(FileName, WhatAPersonCallsAFile) {
  for (const char* name : {"a", "report.pdf", "Überblick 2026 (final).docx", "日本.txt", "...",
                           "a..b", ".hidden", "C:x"}) {
    EXPECT_TRUE(IsFileName(name)) << name;
  }
  EXPECT_TRUE(IsFileName(std::string(255, 'x')));
}

TEST(FileName, PathsAndTricksAreRefused) {
  for (const char* name : {"", ".", "..", "../x", "a/b", "/etc/passwd", "..\\x", "a\nb", "a\x7f",
                           "\u0085", "invoice\u202Efdp.exe", "\u2066x", "a\u2028b"}) {
    EXPECT_FALSE(IsFileName(name)) << name;
  }
  EXPECT_FALSE(IsFileName(std::string("a\0b", 3)));
  EXPECT_FALSE(IsFileName(std::string(256, 'x')));
}

TEST(ContentType, IsReadWithoutItsParameters) {
  EXPECT_EQ(ParseContentType("Image/PNG"), "image/png");
  EXPECT_EQ(ParseContentType("text/html; charset=utf-8"), "text/html");
  EXPECT_EQ(ParseContentType("application/vnd.ms-excel"), "application/vnd.ms-excel");
  for (const char* bad : {"", "png", "/", "image/", "a/b/c", "image/p ng", "text/\n", "../etc"}) {
    EXPECT_EQ(ParseContentType(bad), std::nullopt) << bad;
  }
}

TEST(CheckFile, NamesEveryFault) {
  const absl::Status status =
      CheckFile({.name = "a/b", .content_type = "png", .size = 101, .sha256 = "short"},
                {.file_bytes = 100, .tenant_bytes = 1000}, "metadata");
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(status).violations) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("metadata.name", "metadata.content_type", "metadata.size",
                                  "metadata.sha256"));
  EXPECT_OK(CheckFile({.name = "a", .size = 100}, {.file_bytes = 100, .tenant_bytes = 1000}, "m"));
  EXPECT_FALSE(CheckFile({.name = "a", .size = -1}, {}, "m").ok());
}

class TypeDetectorTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(detector_, TypeDetector::Create()); }
  bool MayBe(std::string_view declared, std::string_view bytes) {
    return MayBeCalled(declared, detector_->TypeOf(bytes));
  }
  std::unique_ptr<TypeDetector> detector_;
};

const std::string kPng("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde", 33);
// Of a zip with a.txt in it.
const std::string kZip = *crypto::ParseHex(
    "504b0304140000000000413b7c5d86a61036050000000500000005000000612e74787468656c6c6f504b0102140314"
    "0000000000413b7c5d86a610360500000005000000050000000000000000000000800100000000612e747874504b05"
    "06000000000100010033000000280000000000");
const std::string kProgram(
    "\x7f"
    "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1\0\0\0",
    24);
const std::string kPage = "<!DOCTYPE html><html><script>alert(1)</script></html>";

TEST_F(TypeDetectorTest, BytesAreCalledWhatTheyAre) {
  EXPECT_TRUE(MayBe("image/png", kPng));
  EXPECT_TRUE(MayBe("application/zip", kZip));
  EXPECT_TRUE(MayBe("application/pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"));
  EXPECT_TRUE(MayBe("image/jpg", std::string("\xff\xd8\xff\xe0\0\x10JFIF\0\1", 12)));
  EXPECT_TRUE(MayBe("application/json", "{\"a\": [1, 2, 3]}"));
  EXPECT_TRUE(MayBe("text/csv", "a,b\n1,2\n3,4\n"));
  EXPECT_TRUE(MayBe("application/yaml", "a: 1\nb: 2\n"));
  EXPECT_TRUE(MayBe("text/html", kPage));
  EXPECT_TRUE(
      MayBe("application/vnd.openxmlformats-officedocument.wordprocessingml.document", kZip));
}

TEST_F(TypeDetectorTest, BytesThatArePlainlySomethingElseAreRefused) {
  for (const char* declared : {"image/png", "application/pdf", "text/plain", "image/svg+xml"}) {
    EXPECT_FALSE(MayBe(declared, kZip)) << declared;
    EXPECT_FALSE(MayBe(declared, kProgram)) << declared;
  }
  EXPECT_FALSE(MayBe("image/png", kPage));
  EXPECT_FALSE(MayBe("image/svg+xml", kPage));
  EXPECT_FALSE(MayBe("application/json", kPage));
  EXPECT_FALSE(MayBe("image/jpeg", kPng));
  EXPECT_FALSE(MayBe("image/png", "hello"));
  EXPECT_FALSE(MayBe("application/zip", "hello"));
  EXPECT_FALSE(MayBe("application/pdf", kPng));
}

TEST_F(TypeDetectorTest, OfWhatNobodyKnowsOnlyUnknownTypesAreBelieved) {
  const std::string noise("\x93\x01\xf7\x8e\xee\x02\x9b\xfa\x80\x07\xc4\xa9", 12);
  EXPECT_TRUE(MayBe("application/octet-stream", noise));
  EXPECT_TRUE(MayBe("application/x-our-own", noise));
  EXPECT_FALSE(MayBe("image/png", noise));
  EXPECT_FALSE(MayBe("text/plain", noise));
  EXPECT_EQ(detector_->TypeOf(""), "application/octet-stream");
}

}  // namespace
}  // namespace kasbah::tenantdata
