#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// A file that exists in memory alone.
struct TransientContent {
  TransientContent() = default;
  TransientContent(TransientContent&&) = default;
  TransientContent& operator=(TransientContent&&) = default;
  ~TransientContent();

  std::string name;
  std::string content_type;
  // Wiped when it goes.
  std::string bytes;
};

// Attachments on their way: in this process's memory for some minutes, given out once, stored
// nowhere. Room is taken before the first byte comes, so that what all of them together can hold is
// bounded, and what one tenant can. Thread safe.
class TransientFiles {
 public:
  struct Limits {
    int64_t file_bytes = int64_t{8} << 20;
    int64_t tenant_bytes = int64_t{32} << 20;
    int64_t total_bytes = int64_t{128} << 20;
    absl::Duration kept = absl::Minutes(10);
  };
  TransientFiles(const Limits& limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  // Room for so many bytes of a tenant; free again when it goes, unless Put took it over.
  class Room {
   public:
    Room(Room&& other) noexcept;
    Room& operator=(Room&&) = delete;
    ~Room();

   private:
    friend class TransientFiles;
    Room(TransientFiles* files, TenantId tenant, int64_t size)
        : files_(files), tenant_(tenant), size_(size) {}
    TransientFiles* files_;
    TenantId tenant_;
    int64_t size_;
  };
  // RESOURCE_EXHAUSTED, TRANSIENT_FILES_FULL, with a time to wait.
  absl::StatusOr<Room> Reserve(TenantId tenant, int64_t size);

  struct Put {
    FileId id;
    absl::Time expires;
  };
  // Of the call's tenant and customer. `content` fills the room or less.
  Put Keep(const CallContext& call, Room room, TransientContent content);
  // And forgets it. NOT_FOUND: taken, expired, another tenant's or customer's, or never there.
  absl::StatusOr<TransientContent> Take(const CallContext& call, FileId id);
  void Expire();

  const Limits& limits() const { return limits_; }

 private:
  struct Entry {
    TenantId tenant;
    std::optional<CustomerId> customer;
    absl::Time expires;
    TransientContent content;
    std::unique_ptr<Room> room;
  };
  void Free(TenantId tenant, int64_t size);

  const Limits limits_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<TenantId, int64_t> used_ ABSL_GUARDED_BY(mutex_);
  int64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  // The last, and so the first to go: their rooms are freed in what stands above.
  std::map<FileId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::tenantdata
