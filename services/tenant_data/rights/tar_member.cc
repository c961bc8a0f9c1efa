#include "services/tenant_data/rights/tar_member.h"

#include <archive.h>
#include <archive_entry.h>

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

constexpr int64_t kBlock = 512;
constexpr size_t kLongestName = 155;

}  // namespace

struct TarMember::Writer {
  explicit Writer(Sink s, int64_t announced)
      : sink(std::move(s)), left(announced), archive(archive_write_new()) {}
  ~Writer() {
    // It would end the archive otherwise, which goes on after this member.
    is_over = true;
    archive_write_free(archive);
  }

  static la_ssize_t Write(struct archive*, void* self, const void* data, size_t size) {
    auto* const writer = static_cast<Writer*>(self);
    if (!writer->is_over && writer->failed.ok()) {
      writer->failed = writer->sink({static_cast<const char*>(data), size});
    }
    return writer->failed.ok() ? static_cast<la_ssize_t>(size) : -1;
  }
  absl::Status Error() const {
    if (!failed.ok()) return failed;
    const char* const said = archive_error_string(archive);
    return absl::InternalError(ToAbsl(StrCat("tar: ", said == nullptr ? "failed" : said)));
  }

  Sink sink;
  int64_t left;
  absl::Status failed;
  bool is_over = false;
  struct archive* archive;
};

TarMember::TarMember(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
TarMember::~TarMember() = default;

int64_t TarMember::SizeOf(int64_t size) { return kBlock + (size + kBlock - 1) / kBlock * kBlock; }

absl::StatusOr<std::unique_ptr<TarMember>> TarMember::Begin(const std::string& name, int64_t size,
                                                            absl::Time time, Sink sink) {
  if (name.size() > kLongestName || name.empty()) {
    return absl::InvalidArgumentError("a member's name is too long");
  }
  auto writer = std::make_unique<Writer>(std::move(sink), size);
  struct archive* const archive = writer->archive;
  if (archive_write_set_format_ustar(archive) != ARCHIVE_OK ||
      archive_write_add_filter_none(archive) != ARCHIVE_OK ||
      archive_write_set_bytes_per_block(archive, 0) != ARCHIVE_OK ||
      archive_write_open(archive, writer.get(), nullptr, &Writer::Write, nullptr) != ARCHIVE_OK) {
    return writer->Error();
  }
  struct archive_entry* const entry = archive_entry_new();
  archive_entry_set_pathname(entry, name.c_str());
  archive_entry_set_size(entry, size);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0600);
  archive_entry_set_mtime(entry, absl::ToUnixSeconds(time), 0);
  const int written = archive_write_header(archive, entry);
  archive_entry_free(entry);
  if (written != ARCHIVE_OK) return writer->Error();
  return std::unique_ptr<TarMember>(new TarMember(std::move(writer)));
}

absl::Status TarMember::Append(std::string_view content) {
  writer_->left -= static_cast<int64_t>(content.size());
  if (writer_->left < 0) return absl::FailedPreconditionError("more content than announced");
  while (!content.empty()) {
    const la_ssize_t written = archive_write_data(writer_->archive, content.data(), content.size());
    if (written <= 0) return writer_->Error();
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status TarMember::Finish() {
  if (writer_->left != 0) return absl::FailedPreconditionError("less content than announced");
  if (archive_write_finish_entry(writer_->archive) != ARCHIVE_OK) return writer_->Error();
  return absl::OkStatus();
}

std::string TarEnd() { return std::string(2 * kBlock, '\0'); }

}  // namespace kasbah::tenantdata
