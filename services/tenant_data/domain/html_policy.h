#pragma once

#include <gumbo.h>

#include <optional>
#include <string>
#include <string_view>

namespace kasbah::tenantdata {

// What is kept of HTML: an allow-list. Nothing in it runs, loads styles, or reads its content in
// another way than the rest of a document, so that no browser can take it for something else.

enum class ElementFate {
  // Kept, with the attributes that AllowAttribute lets through.
  kKeep,
  // The element goes, its content stays.
  kUnwrap,
  // Goes with all that is in it.
  kDrop,
};
ElementFate FateOf(const GumboNode& element);

// Whether it has neither content nor end tag: <br>.
bool IsVoid(GumboTag tag);

// The value to write, or nullopt where the attribute goes. `name` is in lower case.
std::optional<std::string> AllowAttribute(GumboTag tag, std::string_view name,
                                          std::string_view value);

}  // namespace kasbah::tenantdata
