#include "libs/base/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "libs/base/crash_note.h"
#include "libs/base/strings.h"

namespace kasbah {
namespace {

constexpr absl::string_view kReasonUrl = "kasbah.dev/error/reason";
constexpr absl::string_view kViolationsUrl = "kasbah.dev/error/violations";
constexpr absl::string_view kRetryDelayUrl = "kasbah.dev/error/retry_delay_nanos";

// Written before the process aborts and read in that signal's handler: no memory is asked for.
char g_crash_note[256] = "";

// Strings one after the other, each with its size in front: "5:field".
void AppendSized(std::string_view text, std::string* out) {
  StrAppend(out, text.size(), ":", text);
}

std::string TakeSized(std::string_view* rest) {
  const size_t colon = rest->find(':');
  size_t size = 0;
  KASBAH_CHECK(colon != std::string_view::npos &&
               absl::SimpleAtoi(ToAbsl(rest->substr(0, colon)), &size) &&
               rest->size() - colon - 1 >= size);
  std::string text(rest->substr(colon + 1, size));
  rest->remove_prefix(colon + 1 + size);
  return text;
}

std::string Pack(const std::vector<Violation>& violations) {
  std::string packed;
  for (const Violation& violation : violations) {
    AppendSized(violation.field, &packed);
    AppendSized(violation.description, &packed);
    AppendSized(violation.rule, &packed);
  }
  return packed;
}

std::vector<Violation> Unpack(std::string_view packed) {
  std::vector<Violation> violations;
  while (!packed.empty()) {
    Violation violation;
    violation.field = TakeSized(&packed);
    violation.description = TakeSized(&packed);
    violation.rule = TakeSized(&packed);
    violations.push_back(std::move(violation));
  }
  return violations;
}

std::optional<std::string> PayloadOf(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

}  // namespace

absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message) {
  KASBAH_CHECK(code != absl::StatusCode::kOk && !reason.empty());
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(kReasonUrl, absl::Cord(ToAbsl(reason)));
  return status;
}

absl::Status InvalidFields(std::vector<Violation> violations) {
  KASBAH_CHECK(!violations.empty());
  const Violation& first = violations.front();
  std::string message = StrCat(first.field, " ", first.description);
  if (violations.size() > 1) StrAppend(&message, " (and ", violations.size() - 1, " more)");
  return WithViolations(Error(absl::StatusCode::kInvalidArgument, reason::kInvalidFields, message),
                        violations);
}

absl::Status InvalidField(std::string_view field, std::string_view description) {
  return InvalidFields({{std::string(field), std::string(description), ""}});
}

absl::Status WithViolations(absl::Status status, const std::vector<Violation>& violations) {
  status.SetPayload(kViolationsUrl, absl::Cord(Pack(violations)));
  return status;
}

absl::Status NotFound(std::string_view what) {
  return Error(absl::StatusCode::kNotFound, reason::kNotFound, StrCat(what, " not found"));
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  if (!status.ok()) {
    status.SetPayload(kRetryDelayUrl, absl::Cord(StrCat(absl::ToInt64Nanoseconds(delay))));
  }
  return status;
}

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details;
  details.reason = ReasonOf(status);
  if (const auto packed = PayloadOf(status, kViolationsUrl)) details.violations = Unpack(*packed);
  if (const auto nanos = PayloadOf(status, kRetryDelayUrl)) {
    int64_t value = 0;
    if (absl::SimpleAtoi(*nanos, &value)) details.retry_delay = absl::Nanoseconds(value);
  }
  return details;
}

std::string ReasonOf(const absl::Status& status) {
  return PayloadOf(status, kReasonUrl).value_or("");
}

bool IsTenantRefused(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == reason::kTenantSuspended || reason == reason::kTenantClosed;
}

const char* CrashNote() { return g_crash_note; }

void Crash(std::string_view what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %.*s\n", file, line, static_cast<int>(what.size()),
               what.data());
  std::fflush(stderr);
  std::snprintf(g_crash_note, sizeof(g_crash_note), "%s:%d: %.*s", file, line,
                static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace kasbah
