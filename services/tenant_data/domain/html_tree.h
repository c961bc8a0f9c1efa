#pragma once

#include <gumbo.h>

#include <memory>
#include <string>
#include <string_view>

#include "services/tenant_data/domain/parsing_time.h"

namespace kasbah::tenantdata {

// Untrusted HTML as browsers understand it (WHATWG's tree construction, by Gumbo), as the content
// of a <div>. Parsing is bounded in memory and in processor time, since tangled formatting makes
// trees that grow with the square of the text; the tree may still be deep, so walk it without
// recursion.
class HtmlTree {
 public:
  // Null when `html` needs more than 64 MiB, half a second, or what `time` has left.
  static std::unique_ptr<HtmlTree> Parse(std::string_view html, ParsingTime* time);
  ~HtmlTree();

  // The element whose children are the parsed nodes. Lives as long as the tree.
  const GumboNode& root() const { return *output_->root; }

 private:
  class Arena;

  HtmlTree(std::string_view html, int64_t nanoseconds);

  // The tree points into it.
  const std::string html_;
  std::unique_ptr<Arena> arena_;
  GumboOutput* output_ = nullptr;
};

}  // namespace kasbah::tenantdata
