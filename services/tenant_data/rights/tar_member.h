#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::tenantdata {

// One member of a tar archive (POSIX ustar), as it is written: header, content, padding. Members
// one after the other, and then TarEnd(), are an archive; so each can be made, kept and sent by
// itself. Not thread safe.
class TarMember {
 public:
  using Sink = std::function<absl::Status(std::string_view)>;

  // How long it is with `size` bytes of content.
  static int64_t SizeOf(int64_t size);

  // `name` is at most 155 bytes of ASCII, 100 after its last slash; `size` below 8 GiB. What is
  // written goes to `sink`, the header at once.
  static absl::StatusOr<std::unique_ptr<TarMember>> Begin(const std::string& name, int64_t size,
                                                          absl::Time time, Sink sink);
  ~TarMember();

  absl::Status Append(std::string_view content);
  // FAILED_PRECONDITION when less came than was said, or more.
  absl::Status Finish();

 private:
  struct Writer;
  explicit TarMember(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

// The two empty blocks that end an archive.
std::string TarEnd();

}  // namespace kasbah::tenantdata
