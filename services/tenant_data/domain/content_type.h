#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// How much of a file's beginning its type is told by.
inline constexpr size_t kTypedBytes = 65'536;

// Tells what bytes are, by libmagic's own table. Thread safe; one look at a time.
class TypeDetector {
 public:
  // FAILED_PRECONDITION where the table is missing (package libmagic-mgc).
  static absl::StatusOr<std::unique_ptr<TypeDetector>> Create();
  ~TypeDetector();

  // "image/png"; "application/octet-stream" for what it does not know, and for nothing at all.
  std::string TypeOf(std::string_view beginning);

 private:
  struct State;
  explicit TypeDetector(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether bytes that look like `detected` may be called `declared`: the same, a kind of text that
// only its meaning tells apart, a format that lives in another one's container (a .docx in a zip),
// or, where nothing is known of the bytes, a type of which nothing would be. Not when they are
// plainly something else: a zip, a program or a page that is called a picture.
bool MayBeCalled(std::string_view declared, std::string_view detected);

}  // namespace kasbah::tenantdata
