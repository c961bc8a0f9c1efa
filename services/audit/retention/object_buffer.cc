#include "services/audit/retention/object_buffer.h"

#include <algorithm>

namespace kasbah::audit {
namespace {

constexpr int64_t kPiece = 256 * 1024;

}  // namespace

ObjectBuffer::int_type ObjectBuffer::underflow() {
  if (!status_.ok() || offset_ >= size_) return traits_type::eof();
  absl::StatusOr<std::string> read =
      store_.Read(key_, offset_, static_cast<size_t>(std::min(kPiece, size_ - offset_)));
  if (read.ok() && read->empty()) read = absl::DataLossError("an object is shorter than it was");
  if (!read.ok()) {
    status_ = read.status();
    return traits_type::eof();
  }
  piece_ = *std::move(read);
  offset_ += static_cast<int64_t>(piece_.size());
  setg(piece_.data(), piece_.data(), piece_.data() + piece_.size());
  return traits_type::to_int_type(piece_[0]);
}

}  // namespace kasbah::audit
