#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "cli/commands/options.h"
#include "cli/console/invocation.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// What `secrets create` and `secrets update` set alike.
struct SecretSettings {
  std::vector<std::string> labels;
  std::string expires;
  std::string rotation;
  std::string topic;
  std::string destroy_delay;

  void AddTo(CLI::App* leaf);
};

template <typename Request>
absl::Status FillLabels(const std::vector<std::string>& labels, Request* request) {
  for (const std::string& label : labels) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(label, absl::MaxSplits('=', 1));
    if (pair.first.empty() || label.find('=') == std::string::npos) {
      return absl::InvalidArgumentError(StrCat("--label ", label, ": say name=value"));
    }
    (*request->mutable_labels())[pair.first] = pair.second;
  }
  return absl::OkStatus();
}

// Fills `request`; the names of what was given go to `given`.
template <typename Request>
absl::Status FillSettings(const SecretSettings& settings, Request* request,
                          std::vector<std::string>* given) {
  RETURN_IF_ERROR(FillLabels(settings.labels, request));
  if (!settings.labels.empty()) given->push_back("labels");
  if (!settings.expires.empty()) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, settings.expires, &time, &error)) {
      return absl::InvalidArgumentError(
          StrCat("--expires ", settings.expires, ": say a time such as 2027-01-31T00:00:00Z"));
    }
    *request->mutable_expire_time() = ToTimestamp(time);
    given->push_back("expire_time");
  }
  if (!settings.rotation.empty()) {
    RETURN_IF_ERROR(ReadDuration("--rotation", settings.rotation,
                                 request->mutable_rotation()->mutable_period()));
    request->mutable_rotation()->set_topic(settings.topic);
    given->push_back("rotation");
  } else if (!settings.topic.empty()) {
    return absl::InvalidArgumentError("--topic is of a --rotation");
  }
  if (!settings.destroy_delay.empty()) {
    RETURN_IF_ERROR(ReadDuration("--destroy-delay", settings.destroy_delay,
                                 request->mutable_version_destroy_delay()));
    given->push_back("version_destroy_delay");
  }
  return absl::OkStatus();
}

}  // namespace kasbah::cli
