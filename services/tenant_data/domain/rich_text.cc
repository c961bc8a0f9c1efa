#include "services/tenant_data/domain/rich_text.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "services/tenant_data/domain/html_policy.h"
#include "services/tenant_data/domain/html_tree.h"

namespace kasbah::tenantdata {
namespace {

// Elements within elements; what is deeper is unwrapped.
constexpr size_t kMaxDepth = 100;
// Taking elements away can leave others where a parser moves them, so what was written is parsed
// and written again until it stays.
constexpr int kMaxRounds = 5;

void AppendEscaped(std::string_view text, std::string* out) {
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        out->append("&amp;");
        break;
      case '<':
        out->append("&lt;");
        break;
      case '>':
        out->append("&gt;");
        break;
      case '"':
        out->append("&quot;");
        break;
      default:
        if (absl::ascii_iscntrl(byte) && c != '\n' && c != '\t') break;
        out->push_back(c);
    }
  }
}

// Writes a tree, without recursion: depth is the author's choice.
class Writer {
 public:
  SanitisedHtml Write(const GumboNode& root) {
    Enter(root, /*kept=*/false);
    while (!open_.empty()) {
      Open& top = open_.back();
      const GumboVector& children = top.node->v.element.children;
      if (top.next == children.length) {
        Leave();
      } else {
        Visit(*static_cast<const GumboNode*>(children.data[top.next++]));
      }
    }
    return std::move(result_);
  }

 private:
  struct Open {
    const GumboNode* node;
    unsigned int next;
    // Whether its tags are written.
    bool kept;
  };

  void Visit(const GumboNode& node) {
    switch (node.type) {
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_WHITESPACE:
        Text(node.v.text.text);
        break;
      case GUMBO_NODE_ELEMENT:
      case GUMBO_NODE_TEMPLATE:
        Element(node);
        break;
      default:
        // Comments, CDATA and the rest.
        break;
    }
  }

  void Text(std::string_view text) {
    // The first newline in <pre> is none to a parser.
    if (after_pre_ && text.starts_with('\n')) result_.html.push_back('\n');
    after_pre_ = false;
    AppendEscaped(text, &result_.html);
    result_.text.append(text);
  }

  void Element(const GumboNode& node) {
    ElementFate fate = FateOf(node);
    if (fate == ElementFate::kDrop) return;
    const GumboTag tag = node.v.element.tag;
    if (depth_ >= kMaxDepth && !IsVoid(tag)) fate = ElementFate::kUnwrap;
    if (fate == ElementFate::kKeep) StartTag(node.v.element);
    if (fate == ElementFate::kKeep && IsVoid(tag)) return;
    Enter(node, fate == ElementFate::kKeep);
  }

  void StartTag(const GumboElement& element) {
    std::string& html = result_.html;
    after_pre_ = element.tag == GUMBO_TAG_PRE;
    html.push_back('<');
    html.append(gumbo_normalized_tagname(element.tag));
    for (unsigned int i = 0; i < element.attributes.length; ++i) {
      const auto& attribute = *static_cast<const GumboAttribute*>(element.attributes.data[i]);
      if (attribute.attr_namespace != GUMBO_ATTR_NAMESPACE_NONE) continue;
      const std::optional<std::string> value =
          AllowAttribute(element.tag, attribute.name, attribute.value);
      if (!value) continue;
      html.append(" ").append(attribute.name).append("=\"");
      AppendEscaped(*value, &html);
      html.push_back('"');
    }
    // What a link opens learns nothing of the page, nor gains from its rank.
    if (element.tag == GUMBO_TAG_A) html.append(" rel=\"noopener noreferrer nofollow\"");
    html.push_back('>');
  }

  void Enter(const GumboNode& node, bool kept) {
    open_.push_back({&node, 0, kept});
    if (kept) ++depth_;
  }

  void Leave() {
    const Open left = open_.back();
    open_.pop_back();
    if (!left.kept) return;
    --depth_;
    after_pre_ = false;
    result_.html.append("</");
    result_.html.append(gumbo_normalized_tagname(left.node->v.element.tag)).append(">");
  }

  std::vector<Open> open_;
  size_t depth_ = 0;
  bool after_pre_ = false;
  SanitisedHtml result_;
};

}  // namespace

std::optional<SanitisedHtml> SanitiseHtml(std::string_view html, ParsingTime* time) {
  std::string before(html);
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::unique_ptr<HtmlTree> tree = HtmlTree::Parse(before, time);
    if (tree == nullptr) return std::nullopt;
    SanitisedHtml after = Writer().Write(tree->root());
    if (after.html == before) return after;
    before = std::move(after.html);
  }
  return std::nullopt;
}

}  // namespace kasbah::tenantdata
