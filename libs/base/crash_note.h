#pragma once

namespace kasbah {

// Which invariant Crash found broken, "file:line: condition", for whoever handles the signal that
// follows; empty for a crash of another kind.
const char* CrashNote();

}  // namespace kasbah
