#pragma once

#include <yaml-cpp/yaml.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/config/config.h"
#include <nlohmann/json.hpp>

namespace kasbah::config::internal {

// Line numbers are 1-based; 0 stands for the whole file, and kFromEnvironment for a variable.
inline constexpr int kFromEnvironment = -1;

// What one Load collects: shared by all its sections.
struct Reading {
  // While a schema is made, nothing is read and nothing is an error.
  bool schema_only = false;
  std::string file;
  struct Problem {
    int line;
    std::string text;
  };
  std::vector<Problem> problems;

  // "<file>:<line>: <path>: <what>".
  void Add(int line, std::string_view path, std::string_view what);
};

struct SettingState {
  Reading* reading;
  std::string path;
  std::string environment;
  // Whether file or environment held something, right or wrong.
  bool given = false;
  // Whether it had the right type: further checks look at it only then.
  bool valid = false;
  int line = 0;
  std::optional<int64_t> number;
  std::vector<std::string> texts;
  std::optional<absl::Duration> duration;
  // The schema of the section that it stands in.
  nlohmann::ordered_json* section_schema;
  std::string name;

  // Its own schema; the reference holds until another name joins the section.
  nlohmann::ordered_json& Schema() const { return (*section_schema)["properties"][name]; }

  void AddError(std::string_view what) const { reading->Add(line, path, what); }
};

struct SectionState {
  Reading* reading;
  // Undefined when the file has no such mapping.
  YAML::Node node;
  // "server", "" for the root.
  std::string path;
  nlohmann::ordered_json schema;
  // Deques: what was handed out stays where it is.
  std::deque<SettingState> settings;
  std::deque<Section> children;
  std::vector<std::string> child_names;
  struct ItemList {
    std::string name;
    std::string help;
    std::deque<Section> items;
  };
  std::deque<ItemList> lists;

  std::string PathOf(std::string_view name) const;
  // Lines of repeated keys and of keys that no setting named, here and below.
  void CheckKeys();
  // The schema with those of the children.
  nlohmann::ordered_json FullSchema();
  // Names a setting and finds what was given for it.
  SettingState& Name(std::string_view name, std::string_view help, nlohmann::ordered_json type);
  // The scalar given for `setting`; unset when there is none or, with an error, when it is no
  // scalar. `quoted` when it was quoted or from the environment.
  struct Scalar {
    std::string text;
    bool quoted;
  };
  std::optional<Scalar> GivenScalar(SettingState& setting, std::string_view must) const;
  // The same for a list of scalars.
  std::optional<std::vector<Scalar>> GivenList(SettingState& setting, std::string_view must) const;
};

}  // namespace kasbah::config::internal
