#include "cli/tour/collections.h"
#include "cli/tour/steps.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::cli {

absl::StatusOr<std::string> AskForAnothersData(World& world) {
  Client& b = *world.b.client;
  tenantdata::v1::GetRecordRequest record;
  record.set_record_id(world.record_id);
  RETURN_IF_ERROR(
      ExpectRefused(b.Call(&tenantdata::v1::RecordService::Stub::GetRecord, record).status(),
                    reason::kNotFound, "B reading A's record"));
  tenantdata::v1::DeleteRecordRequest remove;
  remove.set_record_id(world.record_id);
  RETURN_IF_ERROR(
      ExpectRefused(b.Call(&tenantdata::v1::RecordService::Stub::DeleteRecord, remove).status(),
                    reason::kNotFound, "B deleting A's record"));
  tenantdata::v1::GetCollectionRequest collection;
  collection.set_collection(kCountriesKey);
  RETURN_IF_ERROR(ExpectRefused(
      b.Call(&tenantdata::v1::CollectionService::Stub::GetCollection, collection).status(),
      reason::kNotFound, "B reading A's collection"));
  for (const std::string& name : {world.secret_id, world.secret_path}) {
    vault::v1::AccessSecretVersionRequest secret;
    secret.set_secret(name);
    RETURN_IF_ERROR(
        ExpectRefused(b.Call(&vault::v1::SecretService::Stub::AccessSecretVersion, secret).status(),
                      reason::kNotFound, "B reading A's secret"));
  }
  ASSIGN_OR_RETURN(const auto secrets, b.Call(&vault::v1::SecretService::Stub::ListSecrets,
                                              vault::v1::ListSecretsRequest()));
  RETURN_IF_ERROR(Expect(secrets.secrets_size() == 0, "B's own list of secrets to be empty"));
  // And nothing of A's was touched.
  RETURN_IF_ERROR(
      world.a.client->Call(&tenantdata::v1::RecordService::Stub::GetRecord, record).status());
  return "the other tenant asks for this record, collection and secret by id and by path: "
         "NOT_FOUND";
}

}  // namespace kasbah::cli
