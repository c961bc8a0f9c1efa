#pragma once

#include <google/protobuf/map.h>
#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::payload {

// Payloads that automation sends are stored and passed on, and people put credentials in them.
// Before storage, members whose names say that they are secrets (secret_name.h) are taken out, at
// any depth, whatever they hold but for a reference to the vault; what was taken out is told to
// whoever sent it.

struct Limits {
  // Objects and arrays in each other.
  int max_depth = 64;
  // JSON text, or what a message would be.
  size_t max_bytes = 1 << 20;
  // Members and elements, all together.
  size_t max_values = 100'000;
};

// What was taken out.
struct Report {
  // JSON Pointers (RFC 6901), "/steps/0/api_token", in the order of the text, or sorted where there
  // is none; the first kMaxPaths, each cut at kLongestPath.
  std::vector<std::string> paths;
  // How many there were.
  size_t count = 0;
};
inline constexpr size_t kMaxPaths = 1000;
inline constexpr size_t kLongestPath = 1024;

// Errors: INVALID_ARGUMENT, reason PAYLOAD_TOO_DEEP or PAYLOAD_TOO_LARGE, and then nothing was
// changed.
absl::StatusOr<Report> Strip(google::protobuf::Struct* object, const Limits& limits = {});
absl::StatusOr<Report> Strip(google::protobuf::Value* value, const Limits& limits = {});

// JSON text (RFC 8259) of any kind, read once, as it arrived in a request's body: the way in for
// bodies that others post to a tenant's own addresses, once their signature was found good. It
// takes the bytes that were verified, and what is stored is `text`, never those. The result is
// compact, its members in their order and its numbers as they were written. PAYLOAD_NOT_JSON for
// what is not.
struct StrippedJson {
  std::string text;
  Report report;
};
absl::StatusOr<StrippedJson> StripJson(std::string_view text, const Limits& limits = {});

// Facts of an event: names and values.
Report StripAttributes(google::protobuf::Map<std::string, std::string>* attributes);

// The same members, found but not taken out: for whoever puts something else in their place.
// Sorted by path; `value` stays valid as long as `object` is not changed elsewhere.
// PAYLOAD_TOO_LARGE for more than kMaxPaths.
struct Found {
  std::string path;
  google::protobuf::Value* value = nullptr;
};
absl::StatusOr<std::vector<Found>> FindSecrets(google::protobuf::Struct* object,
                                               const Limits& limits = {});
absl::StatusOr<std::vector<Found>> FindSecrets(google::protobuf::Value* value,
                                               const Limits& limits = {});

namespace internal {
absl::Status TooDeep(const Limits& limits);
absl::Status TooLarge();
// "/" and a member's name as RFC 6901 writes it.
void AppendPointer(std::string* path, std::string_view name);
void Add(Report* report, std::string path);
}  // namespace internal

}  // namespace kasbah::payload
