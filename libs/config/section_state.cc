#include "libs/config/section_state.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "libs/base/strings.h"

namespace kasbah::config::internal {
namespace {

std::string EnvironmentName(std::string_view path) {
  return StrCat("KASBAH_", absl::AsciiStrToUpper(
                               absl::StrReplaceAll(ToAbsl(path), {{".", "__"}, {"-", "_"}})));
}

int LineOf(const YAML::Node& node) { return node.Mark().line + 1; }

// Where a key stands: an empty value has the line after it.
int LineOfKey(const YAML::Node& map, const std::string& key) {
  for (const auto& entry : map) {
    if (entry.first.IsScalar() && entry.first.Scalar() == key) return LineOf(entry.first);
  }
  return 0;
}

// yaml-cpp marks quoted scalars with the tag "!".
SectionState::Scalar ScalarOf(const YAML::Node& node) { return {node.Scalar(), node.Tag() == "!"}; }

}  // namespace

void Reading::Add(int line, std::string_view path, std::string_view what) {
  if (schema_only) return;
  std::string where = file.empty() ? "config" : file;
  if (line == kFromEnvironment) {
    where = StrCat("environment ", EnvironmentName(path));
  } else if (line > 0) {
    StrAppend(&where, ":", line);
  }
  problems.push_back(
      {line, path.empty() ? StrCat(where, ": ", what) : StrCat(where, ": ", path, ": ", what)});
}

std::string SectionState::PathOf(std::string_view name) const {
  return path.empty() ? std::string(name) : StrCat(path, ".", name);
}

SettingState& SectionState::Name(std::string_view name, std::string_view help,
                                 nlohmann::ordered_json type) {
  type["description"] = std::string(help);
  schema["properties"][std::string(name)] = std::move(type);
  SettingState& setting = settings.emplace_back();
  setting.reading = reading;
  setting.name = std::string(name);
  setting.path = PathOf(name);
  setting.environment = EnvironmentName(setting.path);
  setting.section_schema = &schema;
  return setting;
}

std::optional<SectionState::Scalar> SectionState::GivenScalar(SettingState& setting,
                                                              std::string_view must) const {
  if (reading->schema_only) return std::nullopt;
  if (const char* value = std::getenv(setting.environment.c_str()); value != nullptr) {
    setting.given = true;
    setting.line = kFromEnvironment;
    return Scalar{value, true};
  }
  if (!node.IsDefined() || !node.IsMap()) return std::nullopt;
  const YAML::Node value = node[setting.name];
  if (!value.IsDefined()) return std::nullopt;
  setting.given = true;
  setting.line = LineOfKey(node, setting.name);
  if (!value.IsScalar()) {
    setting.AddError(must);
    return std::nullopt;
  }
  return ScalarOf(value);
}

std::optional<std::vector<SectionState::Scalar>> SectionState::GivenList(
    SettingState& setting, std::string_view must) const {
  if (reading->schema_only) return std::nullopt;
  std::vector<Scalar> elements;
  if (const char* value = std::getenv(setting.environment.c_str()); value != nullptr) {
    setting.given = true;
    setting.line = kFromEnvironment;
    for (absl::string_view element : absl::StrSplit(value, ',', absl::SkipWhitespace())) {
      elements.push_back({std::string(absl::StripAsciiWhitespace(element)), true});
    }
    return elements;
  }
  if (!node.IsDefined() || !node.IsMap()) return std::nullopt;
  const YAML::Node value = node[setting.name];
  if (!value.IsDefined()) return std::nullopt;
  setting.given = true;
  setting.line = LineOfKey(node, setting.name);
  if (!value.IsSequence()) {
    setting.AddError(must);
    return std::nullopt;
  }
  for (const YAML::Node& element : value) {
    if (!element.IsScalar()) {
      setting.line = LineOf(element);
      setting.AddError(must);
      return std::nullopt;
    }
    elements.push_back(ScalarOf(element));
  }
  return elements;
}

void SectionState::CheckKeys() {
  if (node.IsDefined() && node.IsMap()) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const int line = LineOf(entry.first);
      if (!entry.first.IsScalar()) {
        reading->Add(line, path, "a key must be text");
        continue;
      }
      const std::string key = entry.first.Scalar();
      if (!seen.insert(key).second) {
        reading->Add(line, PathOf(key), "is given twice");
        continue;
      }
      const bool known =
          std::find(child_names.begin(), child_names.end(), key) != child_names.end() ||
          std::any_of(settings.begin(), settings.end(),
                      [&](const SettingState& setting) { return setting.name == key; }) ||
          std::any_of(lists.begin(), lists.end(),
                      [&](const ItemList& list) { return list.name == key; });
      if (!known) reading->Add(line, PathOf(key), "is not a known setting");
    }
  }
  for (Section& child : children) StateOf(child).CheckKeys();
  for (ItemList& list : lists) {
    for (Section& item : list.items) StateOf(item).CheckKeys();
  }
}

nlohmann::ordered_json SectionState::FullSchema() {
  nlohmann::ordered_json full = schema;
  full["type"] = "object";
  full["additionalProperties"] = false;
  for (size_t i = 0; i < children.size(); ++i) {
    nlohmann::ordered_json child = StateOf(children[i]).FullSchema();
    // A section is required when something in it is.
    if (child.contains("required")) full["required"].push_back(child_names[i]);
    full["properties"][child_names[i]] = std::move(child);
  }
  for (ItemList& list : lists) {
    full["properties"][list.name] = {{"type", "array"}, {"description", list.help}};
    full["properties"][list.name]["items"] = StateOf(list.items.front()).FullSchema();
  }
  return full;
}

}  // namespace kasbah::config::internal
