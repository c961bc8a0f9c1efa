#pragma once

#include "libs/rpc/tls.h"

namespace kasbah::rpc {

// From now on the process's metrics have kasbah_tls_not_after_seconds, Unix time, of the files as
// they are at each scrape: `certificate="own"`, the first of tls.crt's chain to end, and
// `certificate="authority"`, the first of ca.crt's. Files that cannot be used leave what was there.
void MeasureExpiry(const TlsFiles& files);

}  // namespace kasbah::rpc
