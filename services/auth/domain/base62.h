#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kasbah::auth {

// Base62 of fixed width: bytes taken as one big-endian number, digits 0-9 A-Z a-z, padded with '0'
// to the width that the byte count needs. One text for each value.
std::string EncodeBase62(std::string_view bytes);

// The `size` bytes that `text` stands for; nullopt for another width, a foreign character or a
// number that does not fit.
std::optional<std::string> ParseBase62(std::string_view text, size_t size);

// Digits that `size` bytes take: 16 -> 22, 32 -> 43, 4 -> 6.
size_t Base62Width(size_t size);

}  // namespace kasbah::auth
