#pragma once

#include <string>
#include <string_view>

#include "kasbah/usage/v1/meters.pb.h"

namespace kasbah::usage {

// As it stands in columns, events and errors: METER_FILE_BYTES is "file_bytes".
std::string NameOf(v1::Meter meter);
// METER_UNSPECIFIED for what is no meter's name.
v1::Meter MeterOf(std::string_view name);

}  // namespace kasbah::usage
