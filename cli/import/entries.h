#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::cli {

// One entry of a file that is imported.
struct ImportEntry {
  // Counted from 1: the line of a JSON Lines file, the place in an array.
  size_t number = 0;
  google::protobuf::Struct values;
  // Whose data it is; empty: nobody's.
  std::string subject;
  // Why it cannot be sent at all; empty when it can.
  std::string fault;
};

struct ImportFile {
  // "line" or "entry": what the numbers count.
  std::string unit;
  std::vector<ImportEntry> entries;
};

struct ImportSelection {
  // Member of the document that holds the array, "." between levels; empty: the document itself, or
  // its only array.
  std::string array_path;
  // Member of an entry to field of the collection; an empty field leaves the member out. Members
  // that are not named keep their names.
  std::map<std::string, std::string> renames;
  // Member of an entry that says whose it is, and is no field: a text, or null for nobody's. Empty:
  // none does.
  std::string subject_member = {};
};

// Understands a JSON array, an object with one array in it ({"3166-1": […]}), and JSON Lines.
// Broken lines of JSON Lines become entries with a fault; a document that is broken as a whole is
// INVALID_ARGUMENT, with the place.
absl::StatusOr<ImportFile> ParseImport(const std::string& text, const ImportSelection& selection);

// "FROM=TO" of --map, into `renames`.
absl::Status ParseRename(const std::string& text, std::map<std::string, std::string>* renames);

}  // namespace kasbah::cli
