#include "services/webhook/domain/event_filter.h"

#include <algorithm>

namespace kasbah::webhook {
namespace {

constexpr size_t kMaxTypeSize = 100;

bool IsWord(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Words joined by dots; how many, 0 when it is anything else.
int CountWords(std::string_view text) {
  if (text.size() > kMaxTypeSize) return 0;
  int words = 0;
  for (;;) {
    const size_t dot = text.find('.');
    if (!IsWord(text.substr(0, dot))) return 0;
    ++words;
    if (dot == std::string_view::npos) return words;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool IsEventType(std::string_view text) { return CountWords(text) >= 2; }

bool IsEventFilter(std::string_view text) {
  if (text.ends_with(".*")) return CountWords(text.substr(0, text.size() - 2)) >= 1;
  return IsEventType(text);
}

std::vector<std::string> FiltersPassedBy(std::string_view type) {
  std::vector<std::string> filters{std::string(type)};
  for (size_t dot = type.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = type.rfind('.', dot - 1)) {
    filters.push_back(std::string(type.substr(0, dot)) + ".*");
  }
  return filters;
}

}  // namespace kasbah::webhook
