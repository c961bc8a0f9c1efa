#include <optional>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/payload/payload.h"
#include "libs/payload/secret_name.h"
#include <nlohmann/json.hpp>

namespace kasbah::payload {
namespace {

using nlohmann::json;

// Writes what nlohmann's parser reads, which keeps no tree and does not recurse, and leaves out
// secret members.
class Writer final : public nlohmann::json_sax<json> {
 public:
  explicit Writer(const Limits& limits) : limits_(limits) {}

  bool null() override { return Literal("null"); }
  bool boolean(bool value) override { return Literal(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Literal(StrCat(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Literal(StrCat(value)); }
  // As it was written, beyond what a double holds.
  bool number_float(number_float_t, const string_t& text) override { return Literal(text); }
  bool string(string_t& value) override {
    if (held_name_ && IsReference(*held_name_, value)) {
      skipped_below_ = 0;
      WriteName(*held_name_);
      held_name_.reset();
    }
    return Begin() && Write(json(value).dump()) && Ended();
  }
  bool binary(binary_t&) override { return false; }

  bool start_object(size_t) override { return Open('{', false); }
  bool end_object() override { return Close('}'); }
  bool start_array(size_t) override { return Open('[', true); }
  bool end_array() override { return Close(']'); }

  bool key(string_t& name) override {
    path_.resize(levels_.back().path_end);
    // What lies in a secret member goes with it.
    if (skipped_below_ > 0) return true;
    internal::AppendPointer(&path_, name);
    if (IsSecretName(name)) {
      held_name_ = name;
      skipped_below_ = levels_.size();
      return true;
    }
    WriteName(name);
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    fault_ = Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_NOT_JSON",
                   "the payload is not JSON (RFC 8259)");
    return false;
  }

  absl::StatusOr<StrippedJson> Take() {
    if (!fault_.ok()) return fault_;
    return StrippedJson{std::move(text_), std::move(report_)};
  }

 private:
  struct Level {
    bool is_array = false;
    bool is_empty = true;
    size_t index = 0;
    size_t path_end = 0;
  };

  bool Literal(std::string_view text) { return Begin() && Write(text) && Ended(); }

  bool Write(std::string_view text) {
    if (skipped_below_ == 0) text_ += text;
    return true;
  }

  void WriteName(const std::string& name) {
    Level& level = levels_.back();
    if (!level.is_empty) text_.push_back(',');
    level.is_empty = false;
    text_ += json(name).dump();
    text_.push_back(':');
  }

  // A value begins: the comma and place of an array's element.
  bool Begin() {
    if (++values_ > limits_.max_values) {
      fault_ = internal::TooLarge();
      return false;
    }
    if (held_name_) {
      internal::Add(&report_, path_);
      held_name_.reset();
    }
    if (levels_.empty() || !levels_.back().is_array) return true;
    Level& level = levels_.back();
    if (skipped_below_ == 0) {
      if (!level.is_empty) text_.push_back(',');
      path_.resize(level.path_end);
      StrAppend(&path_, "/", level.index);
    }
    level.is_empty = false;
    ++level.index;
    return true;
  }

  // A value ended: the last of a secret member's.
  bool Ended() {
    if (skipped_below_ == levels_.size()) skipped_below_ = 0;
    return true;
  }

  bool Open(char bracket, bool is_array) {
    if (!Begin()) return false;
    if (levels_.size() >= static_cast<size_t>(limits_.max_depth)) {
      fault_ = internal::TooDeep(limits_);
      return false;
    }
    levels_.push_back({is_array, true, 0, path_.size()});
    return Write({&bracket, 1});
  }

  bool Close(char bracket) {
    path_.resize(levels_.back().path_end);
    levels_.pop_back();
    return Write({&bracket, 1}) && Ended();
  }

  const Limits& limits_;
  std::string text_;
  Report report_;
  absl::Status fault_;
  size_t values_ = 0;
  std::vector<Level> levels_;
  std::string path_;
  // How many levels there are where a secret member stands; 0: outside of any.
  size_t skipped_below_ = 0;
  // Of a secret member whose value is still to come.
  std::optional<std::string> held_name_;
};

}  // namespace

absl::StatusOr<StrippedJson> StripJson(std::string_view text, const Limits& limits) {
  if (text.size() > limits.max_bytes) return internal::TooLarge();
  Writer writer(limits);
  json::sax_parse(text.begin(), text.end(), &writer);
  return writer.Take();
}

}  // namespace kasbah::payload
