#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/strings.h"
#include "services/tenant_data/rpc/tenant_data_server_fixture.h"

namespace kasbah::tenantdata {

// Calls of a user of the tenant, about its collection "countries" and others that a test makes.
class CollectionServiceTest : public TenantDataServerTest {
 protected:
  absl::StatusOr<v1::Collection> Get(TenantId tenant = {}) {
    v1::GetCollectionRequest request;
    request.set_collection("countries");
    return AsUser(tenant.is_nil() ? a_ : tenant, &v1::CollectionService::Stub::GetCollection,
                  request);
  }
  // A request that would leave the collection as it is.
  v1::UpdateCollectionRequest Unchanged() {
    const v1::Collection collection = *Get();
    v1::UpdateCollectionRequest request;
    request.set_collection(collection.collection_id());
    request.set_etag(collection.etag());
    request.set_display_name(collection.display_name());
    *request.mutable_fields() = collection.fields();
    *request.mutable_groups() = collection.groups();
    return request;
  }
  static v1::Field* FieldOf(v1::UpdateCollectionRequest& request, const std::string& key) {
    for (v1::Field& field : *request.mutable_fields()) {
      if (field.key() == key) return &field;
    }
    v1::Field* added = request.add_fields();
    added->set_key(key);
    added->set_type(v1::FIELD_TYPE_TEXT);
    return added;
  }
  static void Retire(v1::UpdateCollectionRequest& request, const std::string& key) {
    for (int i = 0; i < request.fields_size(); ++i) {
      if (request.fields(i).key() == key) return request.mutable_fields()->DeleteSubrange(i, 1);
    }
  }
  absl::StatusOr<v1::UpdateCollectionResponse> Update(const v1::UpdateCollectionRequest& request) {
    return AsUser(a_, &v1::CollectionService::Stub::UpdateCollection, request);
  }
  absl::StatusOr<v1::Record> Make(const google::protobuf::Struct& values,
                                  const std::string& collection = "countries",
                                  const std::string& customer = "") {
    v1::CreateRecordRequest request;
    request.set_collection(collection);
    *request.mutable_values() = values;
    request.set_customer_id(customer);
    return AsUser(a_, &v1::RecordService::Stub::CreateRecord, request);
  }
  absl::StatusOr<v1::Record> Change(const v1::Record& record, const Values& values) {
    v1::UpdateRecordRequest request;
    request.set_record_id(record.record_id());
    request.set_etag(record.etag());
    *request.mutable_values() = ToStruct(values);
    return AsUser(a_, &v1::RecordService::Stub::UpdateRecord, request);
  }
  absl::StatusOr<v1::Record> Read(const std::string& id) {
    v1::GetRecordRequest request;
    request.set_record_id(id);
    return AsUser(a_, &v1::RecordService::Stub::GetRecord, request);
  }
  absl::StatusOr<v1::Collection> MakeCollection(const std::string& key,
                                                const std::vector<v1::Field>& fields) {
    v1::CreateCollectionRequest request;
    request.set_key(key);
    for (const v1::Field& field : fields) *request.add_fields() = field;
    return AsUser(a_, &v1::CollectionService::Stub::CreateCollection, request);
  }
  static v1::Field Described(const std::string& key, v1::FieldType type) {
    v1::Field field;
    field.set_key(key);
    field.set_type(type);
    return field;
  }
  // Types of the change events since the test began to make any.
  std::vector<std::string> EventTypes() {
    std::vector<std::string> types;
    const std::string all = test_->QueryValue(
        "SELECT coalesce(string_agg(encode(payload, 'hex'), ',' ORDER BY id), '') "
        "FROM tenant_data.outbox WHERE topic = 'change'");
    for (const absl::string_view hex : absl::StrSplit(all, ',', absl::SkipEmpty())) {
      outbox::v1::ChangeEvent event;
      EXPECT_TRUE(event.ParseFromString(*crypto::ParseHex(FromAbsl(hex))));
      types.push_back(event.type());
    }
    return types;
  }
};

}  // namespace kasbah::tenantdata
