#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_split.h"

namespace kasbah::dns {

// DNS messages as a hostile server would build them: nothing here is checked.

inline std::string U16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

inline std::string WireName(const std::string& name) {
  std::string wire;
  for (const std::string& label : std::vector<std::string>(absl::StrSplit(name, '.'))) {
    wire += static_cast<char>(label.size());
    wire += label;
  }
  return wire + std::string(1, '\0');
}

inline std::string Record(const std::string& owner, unsigned type, const std::string& data) {
  return WireName(owner) + U16(type) + U16(1) + U16(0) + U16(60) +
         U16(static_cast<unsigned>(data.size())) + data;
}

inline std::string TxtRecord(const std::string& owner, const std::string& text) {
  return Record(owner, 16, std::string(1, static_cast<char>(text.size())) + text);
}

inline std::string AliasRecord(const std::string& owner, const std::string& target) {
  return Record(owner, 5, WireName(target));
}

inline constexpr unsigned kAnswered = 0x8180;

// An answer to a question for the TXT records of `name`.
inline std::string Message(unsigned id, unsigned flags, const std::string& name, unsigned answers,
                           const std::string& records) {
  return U16(id) + U16(flags) + U16(1) + U16(answers) + U16(0) + U16(0) + WireName(name) + U16(16) +
         U16(1) + records;
}

}  // namespace kasbah::dns
