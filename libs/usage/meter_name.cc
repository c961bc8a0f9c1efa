#include "libs/usage/meter_name.h"

#include "absl/strings/ascii.h"
#include "libs/base/strings.h"

namespace kasbah::usage {
namespace {

constexpr size_t kPrefix = std::string_view("METER_").size();

}  // namespace

std::string NameOf(v1::Meter meter) {
  return absl::AsciiStrToLower(v1::Meter_Name(meter).substr(kPrefix));
}

v1::Meter MeterOf(std::string_view name) {
  v1::Meter meter;
  const bool is_one =
      v1::Meter_Parse(StrCat("METER_", absl::AsciiStrToUpper(ToAbsl(name))), &meter);
  return is_one ? meter : v1::METER_UNSPECIFIED;
}

}  // namespace kasbah::usage
