#include "services/tenant_data/domain/html_policy.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

constexpr auto kKept = std::to_array<GumboTag>({
    GUMBO_TAG_A,       GUMBO_TAG_ABBR,   GUMBO_TAG_B,     GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_BR,
    GUMBO_TAG_CAPTION, GUMBO_TAG_CODE,   GUMBO_TAG_DD,    GUMBO_TAG_DEL,        GUMBO_TAG_DIV,
    GUMBO_TAG_DL,      GUMBO_TAG_DT,     GUMBO_TAG_EM,    GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FIGURE,
    GUMBO_TAG_H1,      GUMBO_TAG_H2,     GUMBO_TAG_H3,    GUMBO_TAG_H4,         GUMBO_TAG_H5,
    GUMBO_TAG_H6,      GUMBO_TAG_HR,     GUMBO_TAG_I,     GUMBO_TAG_IMG,        GUMBO_TAG_INS,
    GUMBO_TAG_KBD,     GUMBO_TAG_LI,     GUMBO_TAG_MARK,  GUMBO_TAG_OL,         GUMBO_TAG_P,
    GUMBO_TAG_PRE,     GUMBO_TAG_Q,      GUMBO_TAG_S,     GUMBO_TAG_SAMP,       GUMBO_TAG_SMALL,
    GUMBO_TAG_SPAN,    GUMBO_TAG_STRONG, GUMBO_TAG_SUB,   GUMBO_TAG_SUP,        GUMBO_TAG_TABLE,
    GUMBO_TAG_TBODY,   GUMBO_TAG_TD,     GUMBO_TAG_TFOOT, GUMBO_TAG_TH,         GUMBO_TAG_THEAD,
    GUMBO_TAG_TR,      GUMBO_TAG_U,      GUMBO_TAG_UL,    GUMBO_TAG_VAR,
});

// Elements whose content is not text of the document, or is read differently by parsers that
// disagree about scripting.
constexpr auto kDropped = std::to_array<GumboTag>({
    GUMBO_TAG_SCRIPT,   GUMBO_TAG_STYLE,    GUMBO_TAG_TEMPLATE, GUMBO_TAG_NOSCRIPT,
    GUMBO_TAG_NOEMBED,  GUMBO_TAG_NOFRAMES, GUMBO_TAG_XMP,      GUMBO_TAG_PLAINTEXT,
    GUMBO_TAG_TEXTAREA, GUMBO_TAG_TITLE,    GUMBO_TAG_IFRAME,   GUMBO_TAG_OBJECT,
    GUMBO_TAG_APPLET,   GUMBO_TAG_EMBED,    GUMBO_TAG_AUDIO,    GUMBO_TAG_VIDEO,
    GUMBO_TAG_CANVAS,   GUMBO_TAG_SELECT,   GUMBO_TAG_HEAD,     GUMBO_TAG_FRAMESET,
    GUMBO_TAG_MATH,     GUMBO_TAG_SVG,
});

template <size_t size>
bool Holds(const std::array<GumboTag, size>& tags, GumboTag tag) {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

// A URL as a browser reads it: without the control characters that it skips.
std::string WithoutControls(std::string_view url) {
  std::string clean;
  for (char c : url) {
    if (!absl::ascii_iscntrl(static_cast<unsigned char>(c))) clean.push_back(c);
  }
  absl::StripAsciiWhitespace(&clean);
  return clean;
}

// `url` when it has one of the schemes, which end in their colon.
std::optional<std::string> AllowUrl(std::string_view url,
                                    std::initializer_list<std::string_view> schemes) {
  std::string clean = WithoutControls(url);
  for (std::string_view scheme : schemes) {
    if (clean.size() > scheme.size() &&
        absl::EqualsIgnoreCase(absl::string_view(clean).substr(0, scheme.size()), ToAbsl(scheme))) {
      return clean;
    }
  }
  return std::nullopt;
}

std::optional<std::string> AllowNumber(std::string_view value) {
  const bool digits = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (value.empty() || value.size() > 4 || !digits) return std::nullopt;
  return std::string(value);
}

// "language-cpp", for code alone.
std::optional<std::string> AllowLanguage(std::string_view value) {
  constexpr std::string_view kPrefix = "language-";
  if (!value.starts_with(kPrefix) || value.size() > 40) return std::nullopt;
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '+' || c == '#';
  });
  if (!plain) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> AllowScope(std::string_view value) {
  for (std::string_view known : {"col", "row", "colgroup", "rowgroup"}) {
    if (value == known) return std::string(value);
  }
  return std::nullopt;
}

}  // namespace

ElementFate FateOf(const GumboNode& element) {
  const GumboElement& its = element.v.element;
  if (element.type == GUMBO_NODE_TEMPLATE || its.tag_namespace != GUMBO_NAMESPACE_HTML ||
      Holds(kDropped, its.tag)) {
    return ElementFate::kDrop;
  }
  return Holds(kKept, its.tag) ? ElementFate::kKeep : ElementFate::kUnwrap;
}

bool IsVoid(GumboTag tag) {
  return tag == GUMBO_TAG_BR || tag == GUMBO_TAG_HR || tag == GUMBO_TAG_IMG;
}

std::optional<std::string> AllowAttribute(GumboTag tag, std::string_view name,
                                          std::string_view value) {
  if (name == "title" && (tag == GUMBO_TAG_A || tag == GUMBO_TAG_ABBR || tag == GUMBO_TAG_IMG)) {
    return std::string(value);
  }
  switch (tag) {
    case GUMBO_TAG_A:
      if (name == "href") return AllowUrl(value, {"https://", "http://", "mailto:", "tel:"});
      break;
    case GUMBO_TAG_IMG:
      if (name == "src") return AllowUrl(value, {"https://"});
      if (name == "alt") return std::string(value);
      if (name == "width" || name == "height") return AllowNumber(value);
      break;
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH:
      if (name == "colspan" || name == "rowspan") return AllowNumber(value);
      if (name == "scope" && tag == GUMBO_TAG_TH) return AllowScope(value);
      break;
    case GUMBO_TAG_OL:
      if (name == "start") return AllowNumber(value);
      break;
    case GUMBO_TAG_LI:
      if (name == "value") return AllowNumber(value);
      break;
    case GUMBO_TAG_CODE:
      if (name == "class") return AllowLanguage(value);
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace kasbah::tenantdata
