#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/http/client.h"
#include <boost/property_tree/ptree.hpp>

namespace kasbah::aws::internal {

// What S3 answers in XML. UNAVAILABLE for what is not.
absl::StatusOr<boost::property_tree::ptree> ParseXml(const std::string& text);

// Of an answer that refuses: "S3: AccessDenied: …", as S3Bucket says.
absl::Status Refusal(const http::ClientResponse& response);
bool SaysNoSuchKey(const absl::Status& refusal);

// Of a query's value: ids of versions hold what must be escaped, prefixes a slash.
std::string Escaped(const std::string& text);

}  // namespace kasbah::aws::internal
