#include "libs/telemetry/trace.h"

#include <algorithm>
#include <cstdint>

#include "libs/base/random.h"

namespace kasbah::telemetry {
namespace {

constexpr size_t kTraceStart = 3;
constexpr size_t kTraceSize = 32;
// The digits of it that must be random (W3C Trace Context Level 2).
constexpr size_t kDrawnDigits = 14;
constexpr size_t kSpanStart = 36;
constexpr size_t kSpanSize = 16;
constexpr size_t kFlagsStart = 53;
constexpr size_t kSize = 55;

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

// Versions after 00 may append fields and must be read as 00; ff is forbidden.
bool IsValid(std::string_view parent) {
  if (parent.size() < kSize || parent[2] != '-' || parent[35] != '-' || parent[52] != '-') {
    return false;
  }
  const std::string_view version = parent.substr(0, 2);
  if (!IsLowerHex(version) || version == "ff") return false;
  if (parent.size() > kSize && (version == "00" || parent[kSize] != '-')) return false;
  const std::string_view trace = parent.substr(kTraceStart, kTraceSize);
  const std::string_view span = parent.substr(kSpanStart, kSpanSize);
  return IsLowerHex(trace) && !IsZero(trace) && IsLowerHex(span) && !IsZero(span) &&
         IsLowerHex(parent.substr(kFlagsStart, 2));
}

std::string RandomHex(size_t digits) {
  constexpr char kHex[] = "0123456789abcdef";
  unsigned char bytes[16];
  std::string out;
  // All zeros is no id; it comes up never, but would be refused by everyone.
  do {
    FillRandom(bytes, digits / 2);
    out.clear();
    for (size_t i = 0; i < digits / 2; ++i) {
      out.push_back(kHex[bytes[i] >> 4]);
      out.push_back(kHex[bytes[i] & 0xF]);
    }
  } while (IsZero(out));
  return out;
}

bool HasSampledBit(std::string_view valid) {
  return std::string_view("13579bdf").find(valid[kFlagsStart + 1]) != std::string_view::npos;
}

// Whether the trace at the head of a traceparent is one of the `ratio` that are kept.
bool IsDrawn(std::string_view head, double ratio) {
  if (ratio <= 0) return false;
  uint64_t drawn = 0;
  for (char c : head.substr(kTraceStart + kTraceSize - kDrawnDigits, kDrawnDigits)) {
    drawn = drawn << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return static_cast<double>(drawn) >= (1 - ratio) * static_cast<double>(uint64_t{1} << 56);
}

}  // namespace

std::string ChildTraceparent(std::string_view parent, double root_ratio) {
  const bool valid = IsValid(parent);
  std::string child = "00-";
  child += valid ? std::string(parent.substr(kTraceStart, kTraceSize)) : RandomHex(kTraceSize);
  // The sampled bit is the only flag that version 00 defines.
  const bool sampled = valid ? HasSampledBit(parent) : IsDrawn(child, root_ratio);
  child += "-" + RandomHex(kSpanSize);
  child += sampled ? "-01" : "-00";
  return child;
}

std::string_view TraceIdOf(std::string_view traceparent) {
  if (!IsValid(traceparent)) return {};
  return traceparent.substr(kTraceStart, kTraceSize);
}

std::string_view SpanIdOf(std::string_view traceparent) {
  if (!IsValid(traceparent)) return {};
  return traceparent.substr(kSpanStart, kSpanSize);
}

bool IsSampled(std::string_view traceparent) {
  return IsValid(traceparent) && HasSampledBit(traceparent);
}

}  // namespace kasbah::telemetry
