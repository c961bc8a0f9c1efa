#include "services/tenant_data/domain/decimal.h"

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::array<int64_t, kMaxScale + 1> kPowersOfTen = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

}  // namespace

std::string FormatDouble(double number) {
  std::array<char, 400> buffer;
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return "";
  return std::string(buffer.data(), end);
}

DecimalFault ParseDecimal(std::string_view text, int64_t scale, int64_t* scaled) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty()))
    return DecimalFault::kForm;
  for (std::string_view digits : {whole, fraction}) {
    for (char c : digits) {
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return DecimalFault::kForm;
    }
  }
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > static_cast<size_t>(scale)) return DecimalFault::kPrecision;
  std::string digits(negative ? "-" : "");
  digits.append(whole);
  digits.append(fraction);
  digits.append(static_cast<size_t>(scale) - fraction.size(), '0');
  return absl::SimpleAtoi(digits, scaled) ? DecimalFault::kNone : DecimalFault::kRange;
}

std::string FormatDecimal(int64_t scaled, int64_t scale) {
  const auto power = static_cast<uint64_t>(PowerOfTen(scale));
  const uint64_t magnitude =
      scaled < 0 ? uint64_t{0} - static_cast<uint64_t>(scaled) : static_cast<uint64_t>(scaled);
  std::string text = absl::StrCat(scaled < 0 ? "-" : "", magnitude / power);
  if (scale > 0) {
    const std::string fraction = absl::StrCat(magnitude % power);
    absl::StrAppend(&text, ".", std::string(static_cast<size_t>(scale) - fraction.size(), '0'),
                    fraction);
  }
  return text;
}

int64_t PowerOfTen(int64_t exponent) { return kPowersOfTen[static_cast<size_t>(exponent)]; }

}  // namespace kasbah::tenantdata
