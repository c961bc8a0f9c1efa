#pragma once

#include "kasbah/tenantdata/v1/collections.pb.h"
#include "services/tenant_data/domain/field.h"
#include "services/tenant_data/domain/record_check.h"

namespace kasbah::tenantdata {

// Definitions between the wire and our own types.

v1::Collection ToProto(const CollectionDefinition& collection);
v1::RecordFault ToProto(const RecordFault& fault);

// As they were asked for, without ids; an unknown type stays kUnspecified, and what a reference
// names is yet to be looked up.
FieldDefinition FromProto(const v1::Field& field);
GroupDefinition FromProto(const v1::FieldGroup& group);

}  // namespace kasbah::tenantdata
