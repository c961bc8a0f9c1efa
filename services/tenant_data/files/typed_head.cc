#include "services/tenant_data/files/typed_head.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

absl::Status SizeMismatch(int64_t announced) {
  return Error(absl::StatusCode::kInvalidArgument, "FILE_SIZE_MISMATCH",
               StrCat("metadata.size announced ", announced, " bytes, and another number came"));
}

}  // namespace

absl::Status TypedHead::Tell() {
  const std::string detected = detector_.TypeOf(head_);
  // Of nothing, any type is as good as another.
  if (file_.size > 0 && !file_.content_type.empty() && !MayBeCalled(file_.content_type, detected)) {
    return Error(absl::StatusCode::kInvalidArgument, "FILE_TYPE_MISMATCH",
                 StrCat("metadata.content_type says ", file_.content_type, ", but the bytes are ",
                        detected));
  }
  content_type_ = file_.content_type.empty() ? detected : file_.content_type;
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> TypedHead::Append(std::string_view chunk) {
  received_ += static_cast<int64_t>(chunk.size());
  if (received_ > file_.size) return SizeMismatch(file_.size);
  if (!content_type_.empty()) return chunk;
  head_ += chunk;
  if (head_.size() < kTypedBytes) return "";
  RETURN_IF_ERROR(Tell());
  return head_;
}

absl::StatusOr<std::string_view> TypedHead::Finish() {
  if (received_ != file_.size) return SizeMismatch(file_.size);
  if (!content_type_.empty()) return "";
  RETURN_IF_ERROR(Tell());
  return head_;
}

}  // namespace kasbah::tenantdata
