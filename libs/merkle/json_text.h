#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kasbah::merkle {

// The one way in which bytes that get hashed are written as JSON: no spaces, and in strings only
// what must be escaped is: \" \\ \b \t \n \f \r, and \u00xx in lower case for the other control
// characters and DEL. Everything else stands as it is, in UTF-8.
void AppendJsonString(std::string_view value, std::string* out);
std::string JsonString(std::string_view value);

// Reads what was written that way, and nothing else: a text that another writer would have spelled
// differently is refused, so that no byte of a line can change without being noticed. After a
// refusal every further call refuses. Not thread safe.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : rest_(text) {}

  // Exactly `literal`.
  bool Expect(std::string_view literal);
  // The same, where it may also be missing.
  bool TryExpect(std::string_view literal);
  // A string in its one spelling.
  std::optional<std::string> String();
  // A decimal number without sign or leading zeros.
  std::optional<uint64_t> Number();
  // The bytes of a whole object, from its brace to its brace, not looked into.
  std::optional<std::string_view> Object();
  // Nothing is left, and nothing was refused.
  bool AtEnd() const { return !failed_ && rest_.empty(); }

 private:
  std::nullopt_t Fail();

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace kasbah::merkle
