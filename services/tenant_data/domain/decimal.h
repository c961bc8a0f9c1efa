#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kasbah::tenantdata {

// Decimals are kept as integers scaled by 10^scale; a scale is 0 to kMaxScale (field.h).

enum class DecimalFault { kNone, kForm, kPrecision, kRange };

// Reads [-]digits[.digits].
DecimalFault ParseDecimal(std::string_view text, int64_t scale, int64_t* scaled);
// With exactly `scale` digits after the point.
std::string FormatDecimal(int64_t scaled, int64_t scale);
// The shortest decimal form that reads back as the same double, without an exponent.
std::string FormatDouble(double number);

int64_t PowerOfTen(int64_t exponent);

}  // namespace kasbah::tenantdata
