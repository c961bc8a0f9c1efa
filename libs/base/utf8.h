#pragma once

#include <string>

namespace kasbah {

// Appends a code point, which is no surrogate, as UTF-8 (RFC 3629 section 3).
void AppendUtf8(char32_t code, std::string* out);

}  // namespace kasbah
