#pragma once

#include <string>

#include "absl/status/status.h"
#include "cli/commands/audit_filter.h"
#include "kasbah/audit/v1/sinks.pb.h"
#include "libs/base/status_macros.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// What a sink is made or changed with: where it goes, what of the trail, and its secret, which
// comes from a file or standard input and is never an argument.
struct SinkOptions {
  std::string http;
  std::string shape = "json_array";
  std::string syslog;
  std::string s3;
  std::string format;
  std::string index;
  std::string secret_file;
  std::string ca;
  std::string client_certificate;
  std::string prefix;
  std::string region;
  std::string endpoint;
  std::string access_key_id;
  uint32_t lock_days = 0;
  EventFilterOptions filter;

  void AddTo(CLI::App* leaf);
  // Into a CreateSinkRequest or an UpdateSinkRequest.
  template <typename Request>
  absl::Status Fill(Request* request) const {
    RETURN_IF_ERROR(Check());
    ASSIGN_OR_RETURN(*request->mutable_filter(), filter.Read());
    if (!http.empty()) return FillHttp(request->mutable_http());
    if (!syslog.empty()) return FillSyslog(request->mutable_syslog());
    return FillS3(request->mutable_s3());
  }

 private:
  absl::Status Check() const;
  absl::Status FillHttp(audit::v1::HttpTarget* target) const;
  absl::Status FillSyslog(audit::v1::SyslogTarget* target) const;
  absl::Status FillS3(audit::v1::S3Target* target) const;
  absl::Status ReadFormat(audit::v1::ExportFormat* number) const;
  absl::Status ReadSecret(std::string* secret) const;
};

}  // namespace kasbah::cli
