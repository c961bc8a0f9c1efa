#include "libs/dns/txt_answer.h"

#include <arpa/nameser.h>
#include <resolv.h>

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::dns {
namespace {

constexpr int kMostAliases = 8;

struct Answer {
  std::string owner;
  uint16_t type = 0;
  // Strings joined, or the name that an alias stands for.
  std::string value;
};

bool IsSameName(std::string_view a, std::string_view b) {
  const auto without_dot = [](std::string_view name) {
    return absl::StripSuffix(ToAbsl(name), ".");
  };
  return absl::EqualsIgnoreCase(without_dot(a), without_dot(b));
}

absl::StatusOr<std::string> JoinStrings(const unsigned char* data, size_t size) {
  std::string joined;
  for (size_t at = 0; at < size;) {
    const size_t length = data[at];
    if (at + 1 + length > size) return DnsFailed("a record does not end where it says");
    joined.append(reinterpret_cast<const char*>(data + at + 1), length);
    at += 1 + length;
  }
  return joined;
}

absl::StatusOr<std::vector<Answer>> ReadAnswers(std::string_view message) {
  ns_msg parsed;
  if (ns_initparse(reinterpret_cast<const unsigned char*>(message.data()),
                   static_cast<int>(message.size()), &parsed) != 0) {
    return DnsFailed("the answer is broken");
  }
  std::vector<Answer> answers;
  for (int i = 0; i < ns_msg_count(parsed, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&parsed, ns_s_an, i, &record) != 0) return DnsFailed("the answer is broken");
    if (ns_rr_class(record) != ns_c_in) continue;
    Answer answer{ns_rr_name(record), static_cast<uint16_t>(ns_rr_type(record)), ""};
    if (answer.type == ns_t_cname) {
      std::array<char, NS_MAXDNAME> target{};
      if (dn_expand(ns_msg_base(parsed), ns_msg_end(parsed), ns_rr_rdata(record), target.data(),
                    static_cast<int>(target.size())) < 0) {
        return DnsFailed("the answer is broken");
      }
      answer.value = target.data();
    } else if (answer.type == ns_t_txt) {
      absl::StatusOr<std::string> joined = JoinStrings(ns_rr_rdata(record), ns_rr_rdlen(record));
      if (!joined.ok()) return joined.status();
      answer.value = *std::move(joined);
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

const Answer* FindAlias(const std::vector<Answer>& answers, std::string_view name) {
  for (const Answer& answer : answers) {
    if (answer.type == ns_t_cname && IsSameName(answer.owner, name)) return &answer;
  }
  return nullptr;
}

}  // namespace

absl::Status DnsFailed(std::string_view why) {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "DNS_FAILED",
                              StrCat("DNS gave no usable answer: ", why, "; try again")),
                        absl::Seconds(10));
}

absl::StatusOr<std::vector<std::string>> ParseTxtAnswer(std::string_view name,
                                                        std::string_view message) {
  const absl::StatusOr<std::vector<Answer>> answers = ReadAnswers(message);
  if (!answers.ok()) return answers.status();
  std::string owner(name);
  int aliases = 0;
  for (const Answer* alias = FindAlias(*answers, owner); alias != nullptr;
       alias = FindAlias(*answers, owner)) {
    if (++aliases > kMostAliases) return DnsFailed("its aliases lead nowhere");
    owner = alias->value;
  }
  std::vector<std::string> records;
  for (const Answer& answer : *answers) {
    if (answer.type == ns_t_txt && IsSameName(answer.owner, owner)) records.push_back(answer.value);
  }
  if (records.empty() && aliases == 0 && !answers->empty()) {
    return DnsFailed("it answers another question");
  }
  return records;
}

}  // namespace kasbah::dns
