#pragma once

namespace kasbah::rpc {

// What every process that speaks gRPC does before its first call: leaves TLS 1.3 alone, and turns
// off the deadlock detector of Abseil's mutexes, which Debian's build has on and which takes a lock
// of the whole process at each of gRPC's locks.
void PrepareProcess();

}  // namespace kasbah::rpc
