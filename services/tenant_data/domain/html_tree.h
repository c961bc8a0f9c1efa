#pragma once

#include <gumbo.h>

#include <memory>
#include <string>
#include <string_view>

namespace kasbah::tenantdata {

// Untrusted HTML as browsers understand it (WHATWG's tree construction, by Gumbo), as the content
// of a <div>. Parsing is bounded in memory and in processor time, since tangled formatting makes
// trees that grow with the square of the text; the tree may still be deep, so walk it without
// recursion.
class HtmlTree {
 public:
  // Null when `html` needs more than 64 MiB or half a second.
  static std::unique_ptr<HtmlTree> Parse(std::string_view html);
  ~HtmlTree();

  // The element whose children are the parsed nodes. Lives as long as the tree.
  const GumboNode& root() const { return *output_->root; }

 private:
  class Arena;

  explicit HtmlTree(std::string_view html);

  // The tree points into it.
  const std::string html_;
  std::unique_ptr<Arena> arena_;
  GumboOutput* output_ = nullptr;
};

}  // namespace kasbah::tenantdata
