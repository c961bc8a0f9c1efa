#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kasbah::tenantdata {

struct SanitisedHtml {
  // Well-formed, of the elements and attributes of html_policy.h alone; sanitising it again changes
  // nothing.
  std::string html;
  // What a reader sees of it, to be counted.
  std::string text;
};

// What is left of untrusted HTML. Nullopt where it is too large a tangle (html_tree.h) or does not
// come to rest, as no honest document does.
std::optional<SanitisedHtml> SanitiseHtml(std::string_view html);

}  // namespace kasbah::tenantdata
