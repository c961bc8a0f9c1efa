#pragma once

namespace kasbah::rpc {

// What every process that serves gRPC does first: PrepareProcess, gRPC's and Protobuf's words into
// our log, and the health service. Once, however often it is called.
void PrepareServerProcess();

// Until SIGTERM or SIGINT.
void WaitForStopSignal();

}  // namespace kasbah::rpc
