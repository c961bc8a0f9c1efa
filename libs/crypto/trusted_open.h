#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/descriptor.h"

namespace kasbah::crypto {

// What is wrong with a file, by its name: FAILED_PRECONDITION.
absl::Status FileProblem(const std::string& path, const std::string& what);
// The same in the system's words, from errno.
absl::Status FileSystemProblem(const std::string& path);

// Opens a file for reading, walking to it from directory to directory, so that nothing is looked up
// twice. A link on the way is followed if it is root's or this process's user's, and then nobody
// else may be able to put something in its place: each directory on the way belongs to one of the
// two, and group and others cannot write to it, or it is sticky (/tmp, and where the kubelet mounts
// Secrets). FAILED_PRECONDITION says what stands against it. Who owns and may read the file itself
// is the caller's to look at, in what is open.
absl::StatusOr<Descriptor> OpenTrusted(const std::string& path);

}  // namespace kasbah::crypto
