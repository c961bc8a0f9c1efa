#include "cli/import/entries.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/client/struct_json.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

using nlohmann::json;

ImportEntry ToEntry(size_t number, const json& value, const ImportSelection& selection) {
  ImportEntry entry;
  entry.number = number;
  if (!value.is_object()) {
    entry.fault = "has to be an object of fields and values";
    return entry;
  }
  const std::string& subject = selection.subject_member;
  if (!subject.empty()) {
    const auto given = value.find(subject);
    if (given == value.end() || !(given->is_string() || given->is_null())) {
      entry.fault = StrCat(subject, " has to say whose it is, or be null");
      return entry;
    }
    if (given->is_string()) entry.subject = given->get<std::string>();
  }
  json renamed = json::object();
  for (const auto& [name, member] : value.items()) {
    if (!subject.empty() && name == subject) continue;
    const auto rename = selection.renames.find(name);
    const std::string& field = rename == selection.renames.end() ? name : rename->second;
    if (!field.empty()) renamed[field] = member;
  }
  entry.values = ToStruct(renamed);
  return entry;
}

ImportFile FromArray(const json& array, const ImportSelection& selection) {
  ImportFile file;
  file.unit = "entry";
  for (const json& value : array) {
    file.entries.push_back(ToEntry(file.entries.size() + 1, value, selection));
  }
  return file;
}

absl::StatusOr<ImportFile> AtPath(const json& document, const ImportSelection& selection) {
  // Names may hold dots themselves; the whole path as one name comes first.
  const json* place = &document;
  if (document.is_object() && document.contains(selection.array_path)) {
    place = &document[selection.array_path];
  } else {
    for (const std::string& step :
         std::vector<std::string>(absl::StrSplit(selection.array_path, '.'))) {
      if (!place->is_object() || !place->contains(step)) {
        return absl::InvalidArgumentError(
            StrCat("there is no '", step, "' where --array-path says"));
      }
      place = &(*place)[step];
    }
  }
  if (!place->is_array()) {
    return absl::InvalidArgumentError(StrCat("'", selection.array_path, "' is no array"));
  }
  return FromArray(*place, selection);
}

absl::StatusOr<ImportFile> FromDocument(const json& document, const ImportSelection& selection) {
  if (!selection.array_path.empty()) return AtPath(document, selection);
  if (document.is_array()) return FromArray(document, selection);
  std::vector<std::string> arrays;
  if (document.is_object()) {
    for (const auto& [name, member] : document.items()) {
      if (member.is_array()) arrays.push_back(name);
    }
  }
  if (arrays.size() == 1) return FromArray(document[arrays.front()], selection);
  if (arrays.size() > 1) {
    return absl::InvalidArgumentError(
        StrCat("the document holds several arrays; choose with --array-path: ",
               absl::StrJoin(arrays, ", ")));
  }
  // A file of one line.
  if (document.is_object()) return FromArray(json::array({document}), selection);
  return absl::InvalidArgumentError("neither an array, nor an object with one, nor JSON Lines");
}

ImportFile FromLines(const std::string& text, const ImportSelection& selection) {
  ImportFile file;
  file.unit = "line";
  size_t number = 0;
  for (const auto& piece : absl::StrSplit(text, '\n')) {
    ++number;
    const std::string line(absl::StripAsciiWhitespace(piece));
    if (line.empty()) continue;
    absl::StatusOr<json> value = ParseJson(line);
    if (value.ok()) {
      file.entries.push_back(ToEntry(number, *value, selection));
      continue;
    }
    ImportEntry broken;
    broken.number = number;
    broken.fault = std::string(value.status().message());
    file.entries.push_back(std::move(broken));
  }
  return file;
}

// Whether the first line that says anything is a whole object: then the file is JSON Lines.
bool BeginsWithAnObject(const std::string& text) {
  for (const auto& piece : absl::StrSplit(text, '\n')) {
    const std::string line(absl::StripAsciiWhitespace(piece));
    if (line.empty()) continue;
    const json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
    return value.is_object();
  }
  return false;
}

}  // namespace

absl::StatusOr<ImportFile> ParseImport(const std::string& text, const ImportSelection& selection) {
  const absl::StatusOr<json> document = ParseJson(text);
  if (document.ok()) return FromDocument(*document, selection);
  if (selection.array_path.empty() && BeginsWithAnObject(text)) return FromLines(text, selection);
  return document.status();
}

absl::Status ParseRename(const std::string& text, std::map<std::string, std::string>* renames) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return absl::InvalidArgumentError(
        StrCat("--map ", text, ": say FROM=TO, or FROM= to leave a member out"));
  }
  (*renames)[text.substr(0, equals)] = text.substr(equals + 1);
  return absl::OkStatus();
}

}  // namespace kasbah::cli
