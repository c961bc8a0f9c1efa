#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kasbah::cli {

enum class Format { kTable, kJson };

// Columns under headings, as wide as their widest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  // As many cells as headings.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string ToString() const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// One thing, a property a line.
using Properties = std::vector<std::pair<std::string, std::string>>;
std::string ToString(const Properties& properties);

// The message as the services' protos name its fields, indented.
std::string ToJson(const google::protobuf::Message& message);

// One line, for a cell: {"alpha_2":"DE"}.
std::string ToCell(const google::protobuf::Struct& values);

// "2024-05-01 12:30:00Z"; "-" when unset.
std::string ToCell(const google::protobuf::Timestamp& time, bool set);

// "24h"; "-" when unset.
std::string ToCell(const google::protobuf::Duration& duration, bool set);

// The value's name without its type's: LIFECYCLE_STATE_ACTIVE → "active".
std::string EnumName(const google::protobuf::EnumDescriptor& type, int number);

// The number that a name stands for, in the form EnumName gives; -1 when there is none.
int EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view name);

// Every name but the unspecified one, for help and errors: "owner, admin, member, viewer".
std::string EnumNames(const google::protobuf::EnumDescriptor& type);

// To standard output.
void Print(std::string_view text);

}  // namespace kasbah::cli
