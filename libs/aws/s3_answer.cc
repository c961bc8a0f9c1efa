#include "libs/aws/s3_answer.h"

#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include <boost/property_tree/xml_parser.hpp>

namespace kasbah::aws::internal {

using boost::property_tree::ptree;

absl::StatusOr<ptree> ParseXml(const std::string& text) {
  ptree tree;
  std::istringstream in(text);
  try {
    boost::property_tree::read_xml(in, tree);
  } catch (const boost::property_tree::xml_parser_error&) {
    return absl::UnavailableError("S3: an answer that is not XML");
  }
  return tree;
}

namespace {

absl::StatusCode CodeOf(int status) {
  if (status >= 500 || status == 429) return absl::StatusCode::kUnavailable;
  if (status == 401 || status == 403) return absl::StatusCode::kPermissionDenied;
  return absl::StatusCode::kFailedPrecondition;
}

}  // namespace

// <Error><Code>AccessDenied</Code><Message>…</Message></Error>
absl::Status Refusal(const http::ClientResponse& response) {
  std::string said = StrCat("status ", response.status);
  if (const absl::StatusOr<ptree> xml = ParseXml(response.body); xml.ok()) {
    said = StrCat(xml->get("Error.Code", said), ": ", xml->get("Error.Message", ""));
  }
  return {CodeOf(response.status), ToAbsl(StrCat("S3: ", said))};
}

bool SaysNoSuchKey(const absl::Status& refusal) {
  return absl::StartsWith(refusal.message(), "S3: NoSuchKey");
}

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped.push_back(c);
    } else {
      StrAppend(&escaped, "%", absl::AsciiStrToUpper(ToAbsl(crypto::Hex({&c, 1}))));
    }
  }
  return escaped;
}

}  // namespace kasbah::aws::internal
