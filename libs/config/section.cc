#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "libs/base/strings.h"
#include "libs/config/section_state.h"

namespace kasbah::config {

using internal::SectionState;
using internal::SettingState;
using nlohmann::ordered_json;

namespace {

constexpr std::string_view kMustBeText = "must be text (put it in quotes)";
constexpr std::string_view kMustBeTexts = "must be a list of texts";
constexpr std::string_view kMustBeBool = "must be true or false";
constexpr std::string_view kMustBeInteger = "must be a whole number";
constexpr std::string_view kMustBeDuration = "must be a duration such as 250ms, 10s or 5m";
constexpr std::string_view kMustBeDurations = "must be a list of durations such as 5s or 10m";
constexpr char kDurationPattern[] = "^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h))+$|^0$";

// A plain scalar that YAML would take for something other than text.
bool ReadsAsText(const SectionState::Scalar& scalar) {
  if (scalar.quoted) return true;
  const std::string& text = scalar.text;
  double number;
  if (text.empty() || text == "~" || absl::SimpleAtod(text, &number)) return false;
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null"}) {
    if (absl::EqualsIgnoreCase(text, word)) return false;
  }
  return true;
}

bool ParseDuration(const std::string& text, absl::Duration* duration) {
  return absl::ParseDuration(text, duration) && *duration >= absl::ZeroDuration() &&
         *duration < absl::InfiniteDuration();
}

}  // namespace

SectionState& internal::StateOf(Section& section) { return *section.state_; }

Section::Section(std::unique_ptr<SectionState> state) : state_(std::move(state)) {}
Section::~Section() = default;

Setting Section::Field(std::string_view name, std::string* value, std::string_view help) {
  SettingState& setting = state_->Name(name, help, {{"type", "string"}, {"default", *value}});
  if (const auto scalar = state_->GivenScalar(setting, kMustBeText)) {
    if (ReadsAsText(*scalar)) {
      *value = scalar->text;
      setting.texts = {scalar->text};
      setting.valid = true;
    } else {
      setting.AddError(kMustBeText);
    }
  }
  return Setting(&setting);
}

Setting Section::Field(std::string_view name, bool* value, std::string_view help) {
  SettingState& setting = state_->Name(name, help, {{"type", "boolean"}, {"default", *value}});
  if (const auto scalar = state_->GivenScalar(setting, kMustBeBool)) {
    setting.valid = scalar->text == "true" || scalar->text == "false";
    if (scalar->quoted && setting.line != internal::kFromEnvironment) setting.valid = false;
    if (setting.valid) {
      *value = scalar->text == "true";
    } else {
      setting.AddError(kMustBeBool);
    }
  }
  return Setting(&setting);
}

Setting Section::Field(std::string_view name, int64_t* value, std::string_view help) {
  SettingState& setting = state_->Name(name, help, {{"type", "integer"}, {"default", *value}});
  if (const auto scalar = state_->GivenScalar(setting, kMustBeInteger)) {
    int64_t number = 0;
    setting.valid = absl::SimpleAtoi(scalar->text, &number);
    if (scalar->quoted && setting.line != internal::kFromEnvironment) setting.valid = false;
    if (setting.valid) {
      *value = number;
      setting.number = number;
    } else {
      setting.AddError(kMustBeInteger);
    }
  }
  return Setting(&setting);
}

Setting Section::Field(std::string_view name, int* value, std::string_view help) {
  int64_t wide = *value;
  Setting setting = Field(name, &wide, help);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    setting.state_->valid = false;
    setting.state_->AddError("is too large");
  } else {
    *value = static_cast<int>(wide);
  }
  return setting;
}

Setting Section::Field(std::string_view name, absl::Duration* value, std::string_view help) {
  SettingState& setting = state_->Name(name, help,
                                       {{"type", "string"},
                                        {"pattern", kDurationPattern},
                                        {"default", absl::FormatDuration(*value)}});
  if (const auto scalar = state_->GivenScalar(setting, kMustBeDuration)) {
    absl::Duration duration;
    setting.valid = ParseDuration(scalar->text, &duration);
    if (setting.valid) {
      *value = duration;
      setting.duration = duration;
    } else {
      setting.AddError(kMustBeDuration);
    }
  }
  return Setting(&setting);
}

Setting Section::Field(std::string_view name, std::vector<std::string>* value,
                       std::string_view help) {
  SettingState& setting = state_->Name(
      name, help, {{"type", "array"}, {"items", {{"type", "string"}}}, {"default", *value}});
  if (const auto list = state_->GivenList(setting, kMustBeTexts)) {
    setting.valid = std::all_of(list->begin(), list->end(), ReadsAsText);
    if (!setting.valid) {
      setting.AddError(kMustBeTexts);
      return Setting(&setting);
    }
    value->clear();
    for (const SectionState::Scalar& element : *list) value->push_back(element.text);
    setting.texts = *value;
  }
  return Setting(&setting);
}

Setting Section::Field(std::string_view name, std::vector<absl::Duration>* value,
                       std::string_view help) {
  ordered_json defaults = ordered_json::array();
  for (absl::Duration duration : *value) defaults.push_back(absl::FormatDuration(duration));
  SettingState& setting =
      state_->Name(name, help,
                   {{"type", "array"},
                    {"items", {{"type", "string"}, {"pattern", kDurationPattern}}},
                    {"default", std::move(defaults)}});
  if (const auto list = state_->GivenList(setting, kMustBeDurations)) {
    std::vector<absl::Duration> durations(list->size());
    setting.valid = true;
    for (size_t i = 0; i < list->size(); ++i) {
      setting.valid = setting.valid && ParseDuration((*list)[i].text, &durations[i]);
    }
    if (setting.valid) {
      *value = std::move(durations);
    } else {
      setting.AddError(kMustBeDurations);
    }
  }
  return Setting(&setting);
}

Section& Section::Child(std::string_view name, std::string_view help) {
  auto state = std::make_unique<SectionState>();
  state->reading = state_->reading;
  state->path = state_->PathOf(name);
  if (!help.empty()) state->schema["description"] = std::string(help);
  state->node = YAML::Node(YAML::NodeType::Undefined);
  if (state_->node.IsDefined() && state_->node.IsMap()) {
    const YAML::Node node = state_->node[std::string(name)];
    if (node.IsDefined()) {
      if (node.IsMap()) {
        state->node.reset(node);
      } else if (!node.IsNull()) {
        state->reading->Add(node.Mark().line + 1, state->path, "must be a mapping");
      }
    }
  }
  state_->child_names.emplace_back(name);
  return state_->children.emplace_back(std::move(state));
}

std::vector<Section*> Section::Items(std::string_view name, std::string_view help) {
  SectionState::ItemList& list = state_->lists.emplace_back();
  list.name = std::string(name);
  list.help = std::string(help);
  std::vector<Section*> items;
  const auto add = [&](const YAML::Node& node) {
    auto state = std::make_unique<SectionState>();
    state->reading = state_->reading;
    state->path = StrCat(state_->PathOf(name), ".", items.size());
    state->node = node;
    items.push_back(&list.items.emplace_back(std::move(state)));
  };
  if (state_->reading->schema_only) {
    add(YAML::Node(YAML::NodeType::Undefined));
    return items;
  }
  if (!state_->node.IsDefined() || !state_->node.IsMap()) return items;
  const YAML::Node given = state_->node[list.name];
  if (!given.IsDefined() || given.IsNull()) return items;
  const auto fault = [&](const YAML::Node& at) {
    state_->reading->Add(at.Mark().line + 1, state_->PathOf(name), "must be a list of mappings");
  };
  if (!given.IsSequence()) {
    fault(given);
    return items;
  }
  for (const YAML::Node& node : given) {
    if (node.IsMap()) {
      add(node);
    } else {
      fault(node);
    }
  }
  return items;
}

void Section::AddError(std::string_view field, std::string_view what) {
  int line = state_->node.IsDefined() ? state_->node.Mark().line + 1 : 0;
  for (const SettingState& setting : state_->settings) {
    if (setting.name == field) line = setting.line;
  }
  state_->reading->Add(line, state_->PathOf(field), what);
}

Setting& Setting::Required() {
  (*state_->section_schema)["required"].push_back(state_->name);
  state_->Schema().erase("default");
  if (!state_->given) {
    state_->AddError(StrCat("is required (or set ", state_->environment, ")"));
  } else if (state_->valid && !state_->texts.empty() && state_->texts[0].empty()) {
    state_->AddError("must not be empty");
  }
  return *this;
}

Setting& Setting::Range(int64_t low, int64_t high) {
  state_->Schema()["minimum"] = low;
  state_->Schema()["maximum"] = high;
  if (state_->valid && state_->number && (*state_->number < low || *state_->number > high)) {
    state_->AddError(StrCat("must be from ", low, " to ", high));
  }
  return *this;
}

Setting& Setting::Between(absl::Duration low, absl::Duration high) {
  if (state_->valid && state_->duration && (*state_->duration < low || *state_->duration > high)) {
    state_->AddError(
        StrCat("must be from ", absl::FormatDuration(low), " to ", absl::FormatDuration(high)));
  }
  return *this;
}

Setting& Setting::OneOf(std::vector<std::string> choices) {
  ordered_json& schema = state_->Schema();
  (schema["type"] == "array" ? schema["items"] : schema)["enum"] = choices;
  if (!state_->valid) return *this;
  for (const std::string& text : state_->texts) {
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      state_->AddError(StrCat("must be one of ", absl::StrJoin(choices, ", ")));
      break;
    }
  }
  return *this;
}

Setting& Setting::ReadableFile() {
  if (!state_->valid || state_->texts.empty() || state_->texts[0].empty()) return *this;
  std::error_code error;
  const std::string& path = state_->texts[0];
  if (!std::filesystem::exists(path, error)) {
    state_->AddError(StrCat("no such file: ", path));
  } else if (std::filesystem::is_directory(path, error) || access(path.c_str(), R_OK) != 0) {
    state_->AddError(StrCat("cannot be read: ", path));
  }
  return *this;
}

Setting& Setting::Directory() {
  if (!state_->valid || state_->texts.empty() || state_->texts[0].empty()) return *this;
  std::error_code error;
  if (!std::filesystem::is_directory(state_->texts[0], error)) {
    state_->AddError(StrCat("no such directory: ", state_->texts[0]));
  }
  return *this;
}

}  // namespace kasbah::config
