#include "services/tenant_data/rpc/collection_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

absl::StatusOr<CollectionDefinition> ToDefinition(const v1::CreateCollectionRequest& request,
                                                  absl::Time now) {
  CollectionDefinition collection;
  collection.id = CollectionId::New(now);
  collection.key = request.key();
  collection.display_name = request.display_name();
  collection.created = now;
  for (const v1::Field& field : request.fields()) {
    collection.fields.push_back(FromProto(field));
    collection.fields.back().id = FieldId::New(now);
  }
  std::vector<Violation> violations = CheckFields(collection.fields);
  if (!IsKey(collection.key)) {
    violations.push_back(
        {"key", "must be 1 to 63 lower-case letters, digits and underscores, a letter first", ""});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  return collection;
}

}  // namespace

absl::StatusOr<v1::Collection> CollectionService::Create(
    const rpc::Call& call, const v1::CreateCollectionRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const CollectionDefinition collection, ToDefinition(request, clock_.Now()));
  const absl::Status created = database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    collections_.Insert(tx, call, collection);
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "collection.create",
                          {"collection", collection.id.ToString(), collection.key},
                          {{"fields", absl::StrCat(collection.fields.size())}}));
  });
  if (ReasonOf(created) == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
                 "another collection has this key");
  }
  RETURN_IF_ERROR(created);
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
    const rpc::Call& call, const v1::ListCollectionsRequest&) {
  ASSIGN_OR_RETURN(
      const std::vector<CollectionDefinition> collections,
      database_.WithTenant(call, [&](Transaction& tx) { return collections_.List(tx, call); }));
  v1::ListCollectionsResponse reply;
  for (const CollectionDefinition& collection : collections) {
    *reply.add_collections() = ToProto(collection);
  }
  return reply;
}

}  // namespace kasbah::tenantdata
