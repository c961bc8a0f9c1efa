// Files in and out as streams.
#include <set>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/tenant_data/rpc/record_import_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReasonIs;
using testing::StatusIs;

TEST_F(RecordImportTest, LinesGoInAndEachRefusalHasItsLineFieldAndRule) {
  const Said said = Import(
      "{\"alpha_2\": \"CH\", \"iban\": \"I\", \"population\": 9007199254740993}\n"
      "\n"
      "not json\n"
      "{\"population\": \"many\", \"nope\": 1}\n"
      "{\"alpha_2\": \"CH\"}\r\n"
      "[1]\n"
      "{\"alpha_2\": \"DE\", \"alpha_2\": \"DE\"}\n"
      "{\"note\": {\"deep\": [[[[[[[[[[[[1]]]]]]]]]]]]}}\n"
      "{\"alpha_2\": \"LI\", \"note\": \"last, without its line end\"}");
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused,
              ElementsAre("3  JSON", "4 values.population TYPE", "4 values.nope UNKNOWN_FIELD",
                          "5 values.alpha_2 UNIQUE", "6  JSON", "7  JSON", "8 values.note TYPE"));
  EXPECT_TRUE(said.progress.done());
  EXPECT_EQ(said.progress.lines(), 9u);
  EXPECT_EQ(said.progress.created(), 2u);
  EXPECT_EQ(said.progress.refused(), 6u);
  EXPECT_EQ(Count("tenant_data.records"), 2);
  EXPECT_EQ(Count("tenant_data.records WHERE data->>'population' = '9007199254740993'"), 1);
  EXPECT_EQ(Count("tenant_data.records WHERE sealed IS NOT NULL"), 1);
}

TEST_F(RecordImportTest, CsvIsReadByItsHeader) {
  const Said said = ImportCsv(
      "\xEF\xBB\xBF"
      "alpha_2,note,population\r\n"
      "CH,\"two\nlines, and a \"\"quote\"\"\",8700000\r\n"
      "DE,,\r\n"
      "FR,\"\",x\r\n"
      "too,few\r\n"
      "\"open,1,2\r\n");
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused, ElementsAre("5 values.population TYPE", "6  CSV", "7  CSV"));
  EXPECT_EQ(said.progress.created(), 2u);
  EXPECT_EQ(test_->QueryValue("SELECT data->>'note' FROM tenant_data.records "
                              "WHERE data->>'alpha_2' = 'CH'"),
            "two\nlines, and a \"quote\"");
  Options another;
  another.format = v1::LINE_FORMAT_CSV;
  another.import_id = "0190a2c4-0000-4000-8000-0000000000bb";
  EXPECT_THAT(Import(a_, "alpha_2,nope\nCH,1\n", another).status, ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordImportTest, AnImportThatIsDoneSaysSoAgainAndCreatesNothing) {
  const std::string file = Lines(10, 5);
  const Said first = Import(file);
  ASSERT_OK(first.status);
  const Said again = Import(file);
  ASSERT_OK(again.status);
  EXPECT_EQ(again.refused, first.refused);
  EXPECT_EQ(again.progress.created(), 8u);
  EXPECT_EQ(again.progress.resumed(), 10u);
  EXPECT_TRUE(again.progress.done());
  EXPECT_EQ(Count("tenant_data.records"), 8);
}

TEST_F(RecordImportTest, AHundredThousandLinesWithABrokenOneInEachThousand) {
  const Said said = Import(Lines(100'000, 1000));
  ASSERT_OK(said.status);
  EXPECT_EQ(said.refused.size(), 100u);
  EXPECT_EQ(said.refused.front(), "1000 values.population TYPE");
  EXPECT_EQ(said.refused.back(), "100000 values.population TYPE");
  EXPECT_EQ(said.progress.created(), 99'900u);
  EXPECT_EQ(Count("tenant_data.records"), 99'900);
}

TEST_F(RecordImportTest, ALineOfManyFaultsNamesTheFirstAndCountsTheOthers) {
  std::string line = "{";
  for (int i = 10; i < 40; ++i) absl::StrAppend(&line, "\"f", i, "\": 1,");
  line.back() = '}';
  const Said said = Import(line);
  ASSERT_OK(said.status);
  EXPECT_EQ(said.refused.size(), 21u);
  EXPECT_EQ(said.refused.front(), "1 values.f10 UNKNOWN_FIELD");
  EXPECT_EQ(said.refused.back(), "1 and 10 more");
}

TEST_F(RecordImportTest, TenThousandRefusedLinesEndAnImportForGood) {
  std::string file = "{\"code\": \"in\"}\n";
  for (int i = 0; i < 10'500; ++i) file += "broken\n";
  const Said said = Import(file);
  EXPECT_THAT(said.status, ReasonIs("IMPORT_TOO_MANY_REFUSED"));
  EXPECT_EQ(said.progress.created(), 1u);
  EXPECT_FALSE(said.progress.done());
  EXPECT_GE(said.progress.refused(), 10'000u);
  EXPECT_LT(said.progress.refused(), 10'500u);
  const Said again = Import(file);
  EXPECT_THAT(again.status, ReasonIs("IMPORT_TOO_MANY_REFUSED"));
  EXPECT_EQ(again.refused, said.refused);
  EXPECT_EQ(again.progress.lines(), said.progress.lines());
  EXPECT_EQ(Count("tenant_data.records"), 1);
}

TEST_F(RecordImportTest, AnImportThatIsCutOffAgainAndAgainLosesAndDoublesNothing) {
  // No unique field tells a doubled line from another here: the count does.
  std::string file;
  for (int i = 1; i <= 6000; ++i) {
    absl::StrAppend(&file, i % 100 == 0 ? "broken\n" : "{\"name\": \"n\"}\n");
  }
  Options options;
  options.piece = 3000;
  std::vector<std::string> refused;
  for (uint64_t leave = 700; true; leave += 900) {
    options.leave_at = leave < 6000 ? leave : 0;
    const Said said = Import(a_, file, options);
    if (options.leave_at == 0 && ReasonOf(said.status) == "IMPORT_ELSEWHERE") continue;
    if (options.leave_at == 0) {
      ASSERT_OK(said.status);
      EXPECT_EQ(said.refused.size(), 60u);
      EXPECT_EQ(said.progress.created(), 5940u);
      break;
    }
    EXPECT_FALSE(said.status.ok());
  }
  EXPECT_EQ(Count("tenant_data.records"), 5940);
  EXPECT_EQ(Count("tenant_data.record_history"), 5940);
}

TEST_F(RecordImportTest, AFileThatIsNotTheOneItBeganWithIsRefused) {
  Options options;
  options.piece = 1000;
  options.says_last = false;
  const std::string file = Lines(1200, 5000);
  const Said cut = Import(a_, file, options);
  EXPECT_THAT(cut.status, ReasonIs("IMPORT_INCOMPLETE"));
  EXPECT_EQ(cut.progress.lines(), 1000u);
  EXPECT_THAT(Import("x" + file).status, ReasonIs("IMPORT_CHANGED"));
  EXPECT_THAT(Import(Lines(3, 5000)).status, ReasonIs("IMPORT_CHANGED"));
  EXPECT_THAT(ImportCsv("alpha_2\nCH\n").status, ReasonIs("IMPORT_ID_REUSED"));
  const Said whole = Import(file);
  ASSERT_OK(whole.status);
  EXPECT_EQ(whole.progress.resumed(), 1000u);
  EXPECT_EQ(Count("tenant_data.records"), 1200);
}

// Its rows end where the other file's do.
TEST_F(RecordImportTest, AFileOfTheSameLengthWithOtherContentsIsRefused) {
  Options options;
  options.piece = 1000;
  options.says_last = false;
  const std::string file = Lines(1200, 5000);
  EXPECT_THAT(Import(a_, file, options).status, ReasonIs("IMPORT_INCOMPLETE"));
  std::string changed = file;
  changed[changed.find("c500")] = 'd';
  EXPECT_THAT(Import(changed).status, ReasonIs("IMPORT_CHANGED"));
  EXPECT_EQ(Count("tenant_data.records"), 1000);
  // What was not done with yet may be another: nobody has seen it.
  std::string later = file;
  later[later.find("c1100")] = 'd';
  ASSERT_OK(Import(later).status);
  EXPECT_EQ(Count("tenant_data.records WHERE data->>'code' = 'd1100'"), 1);
  // Finished, it is compared to its end.
  EXPECT_THAT(Import(file).status, ReasonIs("IMPORT_CHANGED"));
  EXPECT_THAT(Import(later + "{}\n").status, ReasonIs("IMPORT_CHANGED"));
  ASSERT_OK(Import(later).status);
  EXPECT_EQ(Count("tenant_data.records"), 1200);
}

TEST_F(RecordImportTest, AnImportFromBeforeContentsWereComparedGoesByItsRowEnds) {
  Options options;
  options.piece = 1000;
  options.says_last = false;
  const std::string file = Lines(1200, 5000);
  EXPECT_THAT(Import(a_, file, options).status, ReasonIs("IMPORT_INCOMPLETE"));
  test_->Execute("UPDATE tenant_data.imports SET content = NULL");
  const Said whole = Import(file);
  ASSERT_OK(whole.status);
  EXPECT_EQ(whole.progress.resumed(), 1000u);
  EXPECT_EQ(Count("tenant_data.imports WHERE content IS NOT NULL"), 1);
}

TEST_F(RecordImportTest, AVaultThatIsAwayEndsItAtTheBatchThatNeedsIt) {
  Options options;
  options.import_id = "not a uuid";
  EXPECT_THAT(Import(a_, "", options).status, ReasonIs("INVALID_FIELDS"));
  vault_server_->Shutdown(std::chrono::system_clock::now());
  vault_server_->Wait();
  const std::string file = Lines(500, 5000) + "{\"code\": \"sealed\", \"iban\": \"I\"}\n";
  const Said cut = Import(file);
  EXPECT_THAT(cut.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Count("tenant_data.records"), 500);
  vault_server_ = nullptr;
  EXPECT_EQ(cut.progress.lines(), 500u);
}

TEST_F(RecordImportTest, AnotherCustomersOrTenantsImportIsNone) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  Options options;
  options.customer = one;
  ASSERT_OK(Import(a_, "{\"name\": \"x\"}\n", options).status);
  EXPECT_EQ(
      Count(absl::StrCat("tenant_data.records WHERE customer_id = '", one.uuid().ToString(), "'")),
      1);
  options.customer = two;
  EXPECT_THAT(Import(a_, "{\"name\": \"x\"}\n", options).status, ReasonIs("IMPORT_ID_REUSED"));
  const Said theirs = Import(b_, "{\"name\": \"x\"}\n", Options());
  ASSERT_OK(theirs.status);
  EXPECT_EQ(theirs.progress.resumed(), 0u);
  permissions_.reset(policy::v1::PERMISSION_RECORD_WRITE);
  EXPECT_THAT(Import(b_, "", Options()).status, ReasonIs("PERMISSION_DENIED"));
}

TEST_F(RecordImportTest, WhatIsExportedCanBeImported) {
  ASSERT_OK(Make(a_, {{"alpha_2", "CH"}, {"note", "a \"quote\", and\na line"}, {"iban", "I"}}));
  ASSERT_OK(Make(a_, {{"alpha_2", "DE"}, {"population", "9007199254740993"}}));
  ASSERT_OK(Make(a_, {{"alpha_2", "FR"}, {"note", ""}}));
  Options options;
  for (const v1::LineFormat format : {v1::LINE_FORMAT_JSON_LINES, v1::LINE_FORMAT_CSV}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_, format));
    options.format = format;
    const Said said = Import(b_, file, options);
    ASSERT_OK(said.status);
    EXPECT_THAT(said.refused, IsEmpty());
    EXPECT_EQ(said.progress.created(), 3u);
    ASSERT_OK_AND_ASSIGN(const std::string again, Export(b_, format));
    EXPECT_EQ(again, file);
    test_->Execute(
        "DELETE FROM tenant_data.record_unique; DELETE FROM tenant_data.imports; "
        "UPDATE tenant_data.records SET deleted_at = now() WHERE tenant_id = '" +
        b_.uuid().ToString() + "'");
  }
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "record.export");
}

TEST_F(RecordImportTest, AnExportKeepsToItsFilterAndScope) {
  const CustomerId one = MakeCustomer(a_, "one");
  ASSERT_OK(Make(a_, {{"code", "1"}, {"name", "x"}}, "", one));
  ASSERT_OK(Make(a_, {{"code", "2"}, {"name", "x"}}));
  ASSERT_OK(Make(a_, {{"code", "3"}, {"name", "y"}}));
  ASSERT_OK_AND_ASSIGN(const std::string x, Export(a_, v1::LINE_FORMAT_JSON_LINES, "name = \"x\""));
  EXPECT_EQ(x, "{\"name\":\"x\",\"code\":\"1\"}\n{\"name\":\"x\",\"code\":\"2\"}\n");
  ASSERT_OK_AND_ASSIGN(const std::string scoped, Export(a_, v1::LINE_FORMAT_JSON_LINES, "", one));
  EXPECT_EQ(scoped, "{\"name\":\"x\",\"code\":\"1\"}\n");
  EXPECT_THAT(Export(a_, v1::LINE_FORMAT_CSV, "note = \"x\""), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(const std::string none, Export(b_, v1::LINE_FORMAT_JSON_LINES));
  EXPECT_EQ(none, "");
}

TEST_F(RecordImportTest, ATextThatASpreadsheetWouldRunIsExportedInert) {
  ASSERT_OK(Make(a_, {{"alpha_2", "+1"}, {"note", "=1+1"}, {"population", "-5"}}));
  ASSERT_OK(Make(a_, {{"alpha_2", "x"}, {"note", "\t@SUM(A1)"}, {"iban", "-I"}}));
  ASSERT_OK_AND_ASSIGN(const std::string csv, Export(a_, v1::LINE_FORMAT_CSV));
  EXPECT_EQ(csv,
            "alpha_2,name,population,note,iban,code,founded,passport\r\n"
            "'+1,,-5,'=1+1,,,,\r\n"
            "x,,,'\t@SUM(A1),'-I,,,\r\n");
  ASSERT_OK_AND_ASSIGN(const std::string lines, Export(a_, v1::LINE_FORMAT_JSON_LINES));
  EXPECT_THAT(lines, HasSubstr("\"note\":\"=1+1\""));
  // Nothing is taken away without a word: what stands in the file is what is read.
  Options options;
  options.format = v1::LINE_FORMAT_CSV;
  ASSERT_OK(Import(b_, csv, options).status);
  EXPECT_EQ(Count("tenant_data.records WHERE data->>'note' = chr(39) || '=1+1'"), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
