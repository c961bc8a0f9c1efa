#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kasbah::webhook {

// "record.created": lower-case words joined by dots, at least two.
bool IsEventType(std::string_view text);

// What an endpoint subscribes to: an event type, or one of its dotted beginnings with "*" for all
// that follows ("record.*").
bool IsEventFilter(std::string_view text);

// Every filter that an event of `type` passes: itself, then the wildcards from narrow to wide. The
// fan-out joins on these, so the rule stands here alone.
std::vector<std::string> FiltersPassedBy(std::string_view type);

}  // namespace kasbah::webhook
