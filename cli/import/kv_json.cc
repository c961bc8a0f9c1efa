#include "cli/import/kv_json.h"

#include <cctype>
#include <cstdint>

#include "libs/crypto/secret_bytes.h"

namespace kasbah::cli {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;
// Decimal digits that a double always gives back (IEEE 754 binary64).
constexpr int kExactDigits = 15;

// Looks at a document before it is built: depth, and numbers as they are written.
class Inspector : public nlohmann::json_sax<json> {
 public:
  bool is_exact() const { return is_exact_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t& text) override {
    if (CountDigits(text) > kExactDigits) is_exact_ = false;
    return true;
  }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return ++depth_ <= kDeepest; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(size_t) override { return ++depth_ <= kDeepest; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  // Significant ones: of "0.00120" three.
  static int CountDigits(const std::string& text) {
    int count = 0;
    for (const char c : text) {
      if (c == 'e' || c == 'E') break;
      if (std::isdigit(static_cast<unsigned char>(c)) != 0 && (count > 0 || c != '0')) ++count;
    }
    return count;
  }

  int depth_ = 0;
  bool is_exact_ = true;
};

}  // namespace

absl::StatusOr<json> ParseServerJson(const std::string& text) {
  Inspector inspector;
  if (!json::sax_parse(text, &inspector)) return absl::InvalidArgumentError("not JSON");
  if (!inspector.is_exact()) {
    return absl::OutOfRangeError(
        "a number has more digits than can be kept; store it as text at the source");
  }
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::string CanonicalJson(const json& value) { return value.dump(); }

void WipeJson(json& value) {
  if (value.is_string()) crypto::Wipe(value.get_ref<std::string&>());
  if (value.is_structured()) {
    for (json& member : value) WipeJson(member);
  }
}

}  // namespace kasbah::cli
