#include "services/tenant_data/rpc/collection_service.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/field_check.h"
#include "services/tenant_data/rpc/collection_messages.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// What Create and Update say of a collection in the same words.
template <typename Request>
CollectionDefinition ToDefinition(const Request& request) {
  CollectionDefinition collection;
  collection.display_name = request.display_name();
  for (const v1::Field& field : request.fields()) collection.fields.push_back(FromProto(field));
  for (const v1::FieldGroup& group : request.groups()) {
    collection.groups.push_back(FromProto(group));
  }
  return collection;
}

}  // namespace

absl::StatusOr<v1::Collection> CollectionService::Create(
    const rpc::Call& call, const v1::CreateCollectionRequest& request) {
  RETURN_IF_ERROR(RequireActive(call));
  CollectionDefinition asked = ToDefinition(request);
  asked.key = request.key();
  std::vector<Violation> violations = CheckDefinition(asked);
  if (!violations.empty()) return InvalidFields(std::move(violations));
  ASSIGN_OR_RETURN(const CollectionDefinition collection, writer_.Create(call, std::move(asked)));
  return ToProto(collection);
}

absl::StatusOr<v1::Collection> CollectionService::Get(const rpc::Call& call,
                                                      const v1::GetCollectionRequest& request) {
  ASSIGN_OR_RETURN(const CollectionDefinition collection,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     return collections_.Get(tx, call, request.collection());
                   }));
  return ToProto(collection);
}

absl::StatusOr<v1::ListCollectionsResponse> CollectionService::List(
    const rpc::Call& call, const v1::ListCollectionsRequest& request) {
  ASSIGN_OR_RETURN(
      const std::vector<CollectionDefinition> collections,
      database_.WithTenant(call, [&](Transaction& tx) { return collections_.List(tx, call); }));
  v1::ListCollectionsResponse reply;
  for (const CollectionDefinition& collection : collections) {
    if (collection.deleted && !request.show_deleted()) continue;
    *reply.add_collections() = ToProto(collection);
  }
  return reply;
}

absl::StatusOr<v1::UpdateCollectionResponse> CollectionService::Update(
    const rpc::Call& call, const v1::UpdateCollectionRequest& request) {
  RETURN_IF_ERROR(RequireActive(call));
  ASSIGN_OR_RETURN(const uint64_t revision, ParseEtag(request.etag()));
  ASSIGN_OR_RETURN(const DefinitionUpdate update,
                   writer_.Update(call, request.collection(), revision, ToDefinition(request),
                                  request.validate_only()));
  v1::UpdateCollectionResponse reply;
  *reply.mutable_collection() = ToProto(update.collection);
  reply.set_breaking_records(update.breaking);
  reply.set_checked_records(update.checked);
  for (const RecordFault& fault : update.faults) *reply.add_faults() = ToProto(fault);
  return reply;
}

absl::StatusOr<v1::Collection> CollectionService::Delete(
    const rpc::Call& call, const v1::DeleteCollectionRequest& request) {
  RETURN_IF_ERROR(RequireActive(call));
  ASSIGN_OR_RETURN(const uint64_t revision, ParseEtag(request.etag()));
  ASSIGN_OR_RETURN(
      const CollectionDefinition collection,
      writer_.Delete(call, request.collection(), revision, request.with_records()));
  return ToProto(collection);
}

absl::StatusOr<v1::Collection> CollectionService::Undelete(
    const rpc::Call& call, const v1::UndeleteCollectionRequest& request) {
  RETURN_IF_ERROR(RequireActive(call));
  ASSIGN_OR_RETURN(const uint64_t revision, ParseEtag(request.etag()));
  ASSIGN_OR_RETURN(const CollectionDefinition collection,
                   writer_.Undelete(call, request.collection(), revision));
  return ToProto(collection);
}

absl::StatusOr<v1::Collection> CollectionService::Rebuild(
    const rpc::Call& call, const v1::RebuildFieldIndexRequest& request) {
  RETURN_IF_ERROR(RequireActive(call));
  ASSIGN_OR_RETURN(const CollectionDefinition collection,
                   writer_.Rebuild(call, request.collection(), request.field()));
  return ToProto(collection);
}

absl::Status CollectionService::RequireActive(const rpc::Call& call) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  return database_
      .WithTenant(call, [&](Transaction& tx) { return collections_.Names(tx, call); })
      .status();
}

}  // namespace kasbah::tenantdata
