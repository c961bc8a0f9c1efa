#pragma once

#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "kasbah/auth/v1/workloads.pb.h"
#include "libs/base/ids.h"
#include "services/auth/domain/workload.h"

namespace kasbah::auth {

v1::Workload ToMessage(const Workload& workload, const std::string& trust_domain, TenantId tenant);

// INVALID_FIELDS on `kubernetes`.
absl::StatusOr<std::vector<ServiceAccount>> FromMessage(
    const google::protobuf::RepeatedPtrField<v1::KubernetesServiceAccount>& accounts);

// "namespace/name@https://issuer", for people and the trail; as the command line takes it.
std::string TextOf(const ServiceAccount& account);

}  // namespace kasbah::auth
