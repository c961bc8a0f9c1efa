#pragma once

#include <string>

#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "services/tenant_data/rpc/tenant_data_server_fixture.h"

namespace kasbah::tenantdata {

// A user's calls about records.
class RecordServiceTest : public TenantDataServerTest {
 protected:
  using Stub = v1::RecordService::Stub;
  static constexpr char kCanary[] = "canary-CH9300762011623852957";

  absl::StatusOr<v1::Record> Make(TenantId tenant, const Values& values,
                                  const std::string& request_id = "",
                                  std::optional<CustomerId> customer = std::nullopt) {
    v1::CreateRecordRequest request;
    request.set_collection("countries");
    *request.mutable_values() = ToStruct(values);
    request.set_request_id(request_id);
    return AsUser(tenant, &Stub::CreateRecord, request, customer);
  }
  absl::StatusOr<v1::Record> Read(TenantId tenant, const std::string& id,
                                  std::optional<CustomerId> customer = std::nullopt) {
    v1::GetRecordRequest request;
    request.set_record_id(id);
    return AsUser(tenant, &Stub::GetRecord, request, customer);
  }
  absl::StatusOr<v1::Record> Change(TenantId tenant, const v1::Record& record,
                                    const google::protobuf::Struct& values) {
    v1::UpdateRecordRequest request;
    request.set_record_id(record.record_id());
    request.set_etag(record.etag());
    *request.mutable_values() = values;
    return AsUser(tenant, &Stub::UpdateRecord, request);
  }
  static std::string TextOf(const v1::Record& record, const std::string& key) {
    const auto found = record.values().fields().find(key);
    return found == record.values().fields().end() ? "" : found->second.string_value();
  }
};

}  // namespace kasbah::tenantdata
