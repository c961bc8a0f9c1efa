#pragma once

#include <string>
#include <string_view>

namespace kasbah::subject {

// A row of a table as JSON, with ids as callers know them: the UUID of "customer_id" becomes cus_….
// Columns of other names stay as they are, and so does what is no JSON object.
std::string WithPublicIds(std::string_view row);

}  // namespace kasbah::subject
