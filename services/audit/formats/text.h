#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kasbah::audit {

// What stands for a character in a format; empty where the character stands for itself.
using Escape = std::string_view (*)(char32_t character);

// The next character of UTF-8 text, which is taken off `rest`; U+FFFD for a byte that begins none.
char32_t TakeCharacter(std::string_view* rest);

// Appends text of the trail to a line of another format: valid UTF-8 whatever comes in, escaped,
// and of what `escape` leaves alone, no control characters: U+FFFD stands for those, for line and
// paragraph separators and for marks that turn the direction of writing around, so that no reader
// sees two lines, or an order of characters that is not there.
//
// At most `limit` bytes are appended (0: any number), no character or escape cut in two; what had
// to be left out shows as "…" at the end.
void AppendText(std::string_view text, Escape escape, size_t limit, std::string* out);

}  // namespace kasbah::audit
