#include "services/tenant_data/domain/content_type.h"

#include <magic.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kUnknown = "application/octet-stream";

// Other names of the same.
constexpr auto kAliases = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"image/jpg", "image/jpeg"},
    {"image/pjpeg", "image/jpeg"},
    {"image/x-png", "image/png"},
    {"image/bmp", "image/x-ms-bmp"},
    {"image/vnd.microsoft.icon", "image/x-icon"},
    {"application/x-gzip", "application/gzip"},
    {"application/x-zip-compressed", "application/zip"},
    {"application/x-pdf", "application/pdf"},
    {"application/xml", "text/xml"},
    {"application/x-javascript", "text/javascript"},
    {"application/javascript", "text/javascript"},
    {"audio/mp3", "audio/mpeg"},
    {"audio/wav", "audio/x-wav"},
    {"audio/wave", "audio/x-wav"},
    {"audio/mp4", "video/mp4"},
    {"audio/x-m4a", "video/mp4"},
    {"audio/ogg", "application/ogg"},
    {"video/ogg", "application/ogg"},
    {"audio/webm", "video/webm"},
    {"application/rtf", "text/rtf"},
});

std::string_view Usual(std::string_view type) {
  for (const auto& [alias, usual] : kAliases) {
    if (type == alias) return usual;
  }
  return type;
}

// Text that no byte tells from other text.
bool IsWritten(std::string_view type) {
  constexpr auto kNamed = std::to_array<std::string_view>(
      {"application/json", "application/yaml", "application/x-yaml", "application/toml",
       "application/x-ndjson", "application/jsonl", "application/sql", "application/x-sh",
       "application/x-pem-file", "application/pgp-keys", "application/pgp-signature",
       "application/graphql", "application/x-subrip", "application/x-httpd-php",
       "application/x-wine-extension-ini", "message/rfc822"});
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         type.ends_with("+yaml") || std::ranges::find(kNamed, type) != kNamed.end();
}

// Formats that are zip files inside.
bool IsZipped(std::string_view type) {
  return type.starts_with("application/vnd.openxmlformats-") ||
         type.starts_with("application/vnd.oasis.opendocument.") ||
         type.starts_with("application/vnd.ms-") || type.ends_with("+zip") ||
         type == "application/java-archive" || type == "application/vnd.android.package-archive";
}

// The old formats of Office are all one container.
bool IsCompoundFile(std::string_view type) {
  return type == "application/msword" || type.starts_with("application/vnd.ms-");
}

// Types whose bytes always say what they are: where nothing is known, it is not one of these.
bool WouldBeKnown(std::string_view type) {
  return type.starts_with("image/") || type.starts_with("text/") || type.starts_with("video/") ||
         type.starts_with("font/") || type == "application/pdf" || type == "application/zip" ||
         type == "application/gzip" || type == "application/json" || IsZipped(type);
}

}  // namespace

struct TypeDetector::State {
  absl::Mutex mutex;
  magic_t magic ABSL_GUARDED_BY(mutex) = nullptr;
};

TypeDetector::TypeDetector(std::unique_ptr<State> state) : state_(std::move(state)) {}

TypeDetector::~TypeDetector() {
  absl::MutexLock lock(&state_->mutex);
  if (state_->magic != nullptr) magic_close(state_->magic);
}

absl::StatusOr<std::unique_ptr<TypeDetector>> TypeDetector::Create() {
  auto state = std::make_unique<State>();
  {
    absl::MutexLock lock(&state->mutex);
    // Bytes only: it opens no file, starts no program and unpacks nothing.
    state->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
    if (state->magic == nullptr || magic_load(state->magic, nullptr) != 0) {
      return Error(absl::StatusCode::kFailedPrecondition, "CONFIG_INVALID",
                   "libmagic's table of file types cannot be read: is libmagic-mgc installed?");
    }
  }
  return std::unique_ptr<TypeDetector>(new TypeDetector(std::move(state)));
}

std::string TypeDetector::TypeOf(std::string_view beginning) {
  if (beginning.empty()) return std::string(kUnknown);
  beginning = beginning.substr(0, kTypedBytes);
  absl::MutexLock lock(&state_->mutex);
  const char* type = magic_buffer(state_->magic, beginning.data(), beginning.size());
  return type == nullptr ? std::string(kUnknown) : std::string(type);
}

bool MayBeCalled(std::string_view declared, std::string_view detected) {
  declared = Usual(declared);
  detected = Usual(detected);
  if (declared == detected || declared == kUnknown) return true;
  if (detected == kUnknown || detected == "application/x-empty" || detected == "inode/x-empty") {
    return !WouldBeKnown(declared);
  }
  // A page is only a page when it is called one, or plain text, which browsers do not run.
  if (detected == "text/html") {
    return declared == "application/xhtml+xml" || declared == "text/plain";
  }
  if (declared == "text/html") return detected == "text/plain" || detected == "text/xml";
  if (detected == "image/svg+xml") return declared == "text/xml" || declared == "text/plain";
  if (declared == "image/svg+xml") return detected == "text/xml" || detected == "text/plain";
  if (IsWritten(detected)) return IsWritten(declared);
  if (detected == "application/zip") return IsZipped(declared);
  if (detected == "application/CDFV2" || detected == "application/x-ole-storage") {
    return IsCompoundFile(declared);
  }
  if (detected == "application/ogg") return declared == "audio/opus";
  return false;
}

}  // namespace kasbah::tenantdata
