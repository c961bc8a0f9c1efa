#include "services/audit/retention/object_buffer.h"

namespace kasbah::audit {
namespace {

constexpr size_t kPiece = 256 * 1024;

}  // namespace

ObjectBuffer::int_type ObjectBuffer::underflow() {
  if (!status_.ok()) return traits_type::eof();
  absl::StatusOr<std::string> read = store_.Read(key_, offset_, kPiece);
  if (!read.ok()) status_ = read.status();
  if (!read.ok() || read->empty()) return traits_type::eof();
  piece_ = *std::move(read);
  offset_ += static_cast<int64_t>(piece_.size());
  setg(piece_.data(), piece_.data(), piece_.data() + piece_.size());
  return traits_type::to_int_type(piece_[0]);
}

}  // namespace kasbah::audit
