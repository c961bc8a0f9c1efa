#include "cli/client/struct_json.h"
#include "cli/import/entries.h"
#include "cli/import/importer.h"
#include "cli/tour/collections.h"
#include "cli/tour/steps.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

using tenantdata::v1::CollectionService;
using tenantdata::v1::RecordService;

constexpr char kCountries[] = "/usr/share/iso-codes/json/iso_3166-1.json";
constexpr char kArray[] = "3166-1";
// In the middle, so that there is something before and after it.
constexpr size_t kBrokenPlace = 101;

struct CountryFile {
  std::string path;
  size_t countries = 0;
};

// The package's file with one entry more, which is broken in one field.
absl::StatusOr<CountryFile> WriteBrokenCopy(const World& world) {
  const auto text = dev::ReadFile(kCountries);
  if (!text.ok()) {
    return absl::FailedPreconditionError(
        StrCat("there is no ", kCountries, "; install it with: apt-get install iso-codes"));
  }
  ASSIGN_OR_RETURN(nlohmann::json document, ParseJson(*text));
  if (!document.is_object() || !document.contains(kArray) ||
      document[kArray].size() < kBrokenPlace) {
    return absl::FailedPreconditionError(StrCat(kCountries, " is not the list of countries"));
  }
  nlohmann::json& countries = document[kArray];
  CountryFile file{world.installation().Path("countries.json"), countries.size()};
  const nlohmann::json broken = {{"alpha_2", "U5A"},
                                 {"alpha_3", "UXA"},
                                 {"flag", "-"},
                                 {"name", "Nowhere"},
                                 {"numeric", "000"}};
  countries.insert(countries.begin() + (kBrokenPlace - 1), broken);
  RETURN_IF_ERROR(dev::WriteFile(file.path, document.dump(), 0644));
  return file;
}

// The record is there, found by an indexed field, with its sealed field opened.
absl::StatusOr<tenantdata::v1::Record> FindGermany(World& world) {
  tenantdata::v1::ListRecordsRequest request;
  request.set_collection(kCountriesKey);
  (*request.mutable_equals()->mutable_fields())["alpha_2"].set_string_value("DE");
  ASSIGN_OR_RETURN(const auto found,
                   world.a.client->Call(&RecordService::Stub::ListRecords, request));
  RETURN_IF_ERROR(Expect(found.records_size() == 1, "one record with alpha_2 DE"));
  tenantdata::v1::GetRecordRequest get;
  get.set_record_id(found.records(0).record_id());
  ASSIGN_OR_RETURN(tenantdata::v1::Record record,
                   world.a.client->Call(&RecordService::Stub::GetRecord, get));
  const auto& fields = record.values().fields();
  RETURN_IF_ERROR(Expect(fields.contains("name") && fields.at("name").string_value() == "Germany",
                         "the record of DE to be named Germany"));
  RETURN_IF_ERROR(
      Expect(fields.contains("official_name") &&
                 fields.at("official_name").string_value() == "Federal Republic of Germany",
             "the sealed field of DE to read as the file has it"));
  return record;
}

}  // namespace

absl::StatusOr<std::string> ImportCountries(World& world) {
  ASSIGN_OR_RETURN(const auto acting, world.OperatorFor(world.a));
  RETURN_IF_ERROR(
      acting->Call(&CollectionService::Stub::CreateCollection, CountriesCollection()).status());
  ASSIGN_OR_RETURN(const CountryFile source, WriteBrokenCopy(world));
  ASSIGN_OR_RETURN(const std::string text, dev::ReadFile(source.path));
  ASSIGN_OR_RETURN(const ImportFile file, ParseImport(text, {}));
  ImportOptions options;
  options.collection = kCountriesKey;
  ASSIGN_OR_RETURN(
      const ImportReport report,
      Import(file, options, [&](const tenantdata::v1::BatchCreateRecordsRequest& request) {
        return world.a.client->Call(&RecordService::Stub::BatchCreateRecords, request);
      }));
  RETURN_IF_ERROR(Expect(report.created == source.countries,
                         StrCat(source.countries, " records, not ", report.created)));
  RETURN_IF_ERROR(
      Expect(report.refused.size() == 1, StrCat("one refused entry, not ", report.refused.size())));
  const RefusedEntry& refused = report.refused.front();
  RETURN_IF_ERROR(Expect(refused.number == kBrokenPlace && refused.violations.size() == 1 &&
                             refused.violations[0].field() == "values.alpha_2",
                         "exactly the broken entry to be refused, with the path of its field"));
  ASSIGN_OR_RETURN(const tenantdata::v1::Record germany, FindGermany(world));
  world.record_id = germany.record_id();
  return StrCat(report.created, " countries imported, one field sealed; entry ", refused.number,
                " refused: ", refused.violations[0].field(), " ",
                refused.violations[0].description());
}

}  // namespace kasbah::cli
