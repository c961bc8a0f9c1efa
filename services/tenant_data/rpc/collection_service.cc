#include "services/tenant_data/rpc/collection_service.h"

#include <algorithm>
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

constexpr int64_t kMaxPage = 200;
// A page ends early past this, well below the largest message.
constexpr size_t kMaxPageBytes = 4'000'000;

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

// What stands in the way of an index may be any customer's: only who sees all of the tenant's
// records is told which they are.
v1::Collection Show(const rpc::Call& call, const CollectionDefinition& collection) {
  v1::Collection shown = ToProto(collection);
  if (!call.customer) return shown;
  for (v1::Field& field : *shown.mutable_fields()) field.clear_index_conflicts();
  return shown;
}

}  // namespace

CollectionService::CollectionService(rpc::Pipeline& pipeline, postgres::Database& database,
                                     outbox::Outbox& outbox, const Clock& clock)
    : pipeline_(pipeline), database_(database), writer_(database, outbox, clock) {}

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
  return Show(call, collection);
}

absl::StatusOr<v1::ListCollectionsResponse> CollectionService::List(
    const rpc::Call& call, const v1::ListCollectionsRequest& request) {
  // A page token is the last key of its page: a place between keys, whoever made it up.
  const int64_t size =
      request.page_size() > 0 ? std::min<int64_t>(request.page_size(), kMaxPage) : kMaxPage;
  ASSIGN_OR_RETURN(const std::vector<CollectionDefinition> collections,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     return collections_.List(tx, call, request.page_token(), size + 1,
                                              request.show_deleted());
                   }));
  v1::ListCollectionsResponse reply;
  size_t bytes = 0;
  for (const CollectionDefinition& collection : collections) {
    if (reply.collections_size() == size || bytes >= kMaxPageBytes) {
      reply.set_next_page_token(reply.collections(reply.collections_size() - 1).key());
      break;
    }
    *reply.add_collections() = Show(call, collection);
    bytes += reply.collections(reply.collections_size() - 1).ByteSizeLong();
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
  ASSIGN_OR_RETURN(const CollectionDefinition collection,
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
  return database_.WithTenant(call, [&](Transaction& tx) { return collections_.Names(tx, call); })
      .status();
}

}  // namespace kasbah::tenantdata
