#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kasbah/usage/v1/meters.grpc.pb.h"

namespace kasbah::tenantdata {

// The MeterService of every service that has one, by the service's name; this one's too, asked like
// the others.
using MeterPeers = std::map<std::string, std::unique_ptr<usage::v1::MeterService::Stub>>;

// What is counted, and where.
struct KnownMeter {
  usage::v1::Meter id;
  std::string_view service;
  bool is_held;
  bool has_quota;
};

inline constexpr auto kMeters = std::to_array<KnownMeter>({
    {usage::v1::METER_RECORDS, "tenant-data", true, true},
    {usage::v1::METER_FILE_BYTES, "tenant-data", true, true},
    {usage::v1::METER_SECRETS, "vault", true, true},
    {usage::v1::METER_DELIVERIES, "webhook", false, true},
    {usage::v1::METER_EVENTS, "audit", false, false},
    {usage::v1::METER_APPENDED_EVENTS, "audit", false, true},
});

// Null for one that this installation does not know.
inline const KnownMeter* FindMeter(usage::v1::Meter id) {
  const auto* found = std::find_if(kMeters.begin(), kMeters.end(),
                                   [id](const KnownMeter& meter) { return meter.id == id; });
  return found == kMeters.end() ? nullptr : found;
}

}  // namespace kasbah::tenantdata
