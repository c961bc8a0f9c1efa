#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/tenant_data/domain/parsing_time.h"

namespace kasbah::tenantdata {

struct SanitisedHtml {
  // Well-formed, of the elements and attributes of html_policy.h alone; sanitising it again changes
  // nothing.
  std::string html;
  // What a reader sees of it, to be counted.
  std::string text;
};

// What is left of untrusted HTML. Nullopt where it is too large a tangle (html_tree.h) or does not
// come to rest, as no honest document does, and where `time` is spent.
std::optional<SanitisedHtml> SanitiseHtml(std::string_view html, ParsingTime* time);

}  // namespace kasbah::tenantdata
