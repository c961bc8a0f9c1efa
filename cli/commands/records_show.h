#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// What the commands about records have in common.

std::string Describe(const tenantdata::v1::Record& record);
// Lines that say which values are missing from a table of these and why, none if all are there.
std::string DescribeNotShown(
    const google::protobuf::RepeatedPtrField<tenantdata::v1::Record>& records);

absl::StatusOr<tenantdata::v1::Record> GetRecord(Client& client, const std::string& id);

// --values and --file, of which one has to be there.
struct ValuesOption {
  std::string text;
  std::string file;

  void AddTo(CLI::App* leaf);
  bool is_given() const { return !text.empty() || !file.empty(); }
  absl::StatusOr<google::protobuf::Struct> Read() const;
};

// --move-to-vault, which needs a request_id: one is made where none was given before it.
void AddMoveToVault(CLI::App* leaf, std::string* path, std::string* request_id);

}  // namespace kasbah::cli
