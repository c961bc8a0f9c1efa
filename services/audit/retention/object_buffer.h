#pragma once

#include <streambuf>
#include <string>

#include "libs/objects/object_store.h"

namespace kasbah::audit {

// Reads an object of a known size as a stream, a piece at a time. An error ends the stream, and an
// object that is shorter is one; whoever read to its end asks status(). Not thread safe.
class ObjectBuffer : public std::streambuf {
 public:
  ObjectBuffer(objects::ObjectStore& store, objects::ObjectKey key, uint64_t size)
      : store_(store), key_(key), size_(static_cast<int64_t>(size)) {}
  const absl::Status& status() const { return status_; }

 protected:
  int_type underflow() override;

 private:
  objects::ObjectStore& store_;
  const objects::ObjectKey key_;
  const int64_t size_;
  int64_t offset_ = 0;
  std::string piece_;
  absl::Status status_;
};

}  // namespace kasbah::audit
