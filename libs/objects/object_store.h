#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace kasbah::objects {

// Where an object stands: "tenants/ten_…/files/fil_…". It is made of ids alone, so no name that
// anybody gave can lead out of its tenant's prefix.
struct ObjectKey {
  TenantId tenant;
  FileId file;

  std::string ToString() const;
};
// "tenants/ten_…/files/".
std::string PrefixOf(TenantId tenant);

// An object on its way in: nobody sees it before Commit, and where the writer goes without one
// nothing is left but what Delete takes away. Not thread safe.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual absl::Status Append(std::string_view bytes) = 0;
  // Durable and complete when this returns OK.
  virtual absl::Status Commit() = 0;
};

// Bytes outside the database, a folder or a bucket. Knows nothing of what they are: they come
// sealed. Errors: UNAVAILABLE, OBJECT_STORE_UNAVAILABLE, for whatever keeps it from answering;
// NOT_FOUND for an object that is not there. Thread safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual absl::StatusOr<std::unique_ptr<ObjectWriter>> Write(const ObjectKey& key) = 0;
  // `size` bytes from `offset` on, fewer where the object ends.
  virtual absl::StatusOr<std::string> Read(const ObjectKey& key, int64_t offset, size_t size) = 0;
  // With every older version and what a writer left. Not an error where there is nothing.
  virtual absl::Status Delete(const ObjectKey& key) = 0;
  // The next of a tenant's objects after `after`, in the order of their ids.
  virtual absl::StatusOr<std::vector<FileId>> List(TenantId tenant, FileId after, int limit) = 0;
};

// Everything below the tenant's prefix. How many objects there were.
absl::StatusOr<int64_t> DeleteAll(ObjectStore& store, TenantId tenant);

// What callers are told: the cause is for the log.
absl::Status StoreUnavailable(std::string_view cause);

}  // namespace kasbah::objects
