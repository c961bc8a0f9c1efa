#include "cli/commands/collection_changes.h"

#include <memory>

#include "cli/commands/collection_file.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Collection;
using tenantdata::v1::CollectionService;
using tenantdata::v1::UpdateCollectionResponse;

// The etag of the collection as it stands, for a change that names none.
absl::StatusOr<std::string> CurrentEtag(Client& client, const std::string& name) {
  tenantdata::v1::GetCollectionRequest request;
  request.set_collection(name);
  ASSIGN_OR_RETURN(const Collection collection,
                   client.Call(&CollectionService::Stub::GetCollection, request));
  return collection.etag();
}

std::string DescribeReport(const UpdateCollectionResponse& reply) {
  std::string text = StrCat("Nothing was changed. ", reply.breaking_records(), " of ",
                            reply.checked_records(), " records break the new definition.\n");
  if (reply.faults().empty()) return text;
  Table table({"RECORD", "FIELD", "RULE", "WHY"});
  for (const auto& fault : reply.faults()) {
    table.Add({fault.record_id(), fault.field(), fault.rule(), fault.description()});
  }
  return StrCat(text, table.ToString());
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string name;
    std::string path;
    std::string etag;
    bool validate_only = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("update", "Replace its fields by those of a description");
  leaf->add_option("collection", options->name, "col_… or its key")->required();
  leaf->add_option("-f,--file", options->path, "JSON as for create, or as get shows it")
      ->required();
  leaf->add_option("--etag", options->etag, "The file's own, or what is current, without");
  leaf->add_flag("--validate-only", options->validate_only,
                 "Change nothing; show the records that break the new definition");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(options->path));
    auto request = ParseCollectionUpdate(text);
    if (!request.ok()) {
      return absl::InvalidArgumentError(
          StrCat(options->path, ": ", FromAbsl(request.status().message())));
    }
    request->set_collection(options->name);
    request->set_validate_only(options->validate_only);
    if (!options->etag.empty()) request->set_etag(options->etag);
    ASSIGN_OR_RETURN(Client * client, run.client());
    if (request->etag().empty()) {
      ASSIGN_OR_RETURN(*request->mutable_etag(), CurrentEtag(*client, options->name));
    }
    ASSIGN_OR_RETURN(const UpdateCollectionResponse reply,
                     client->Call(&CollectionService::Stub::UpdateCollection, *request));
    return run.Show(reply, [&] {
      return options->validate_only ? DescribeReport(reply)
                                    : DescribeCollection(reply.collection());
    });
  });
}

// A change that names a collection and its etag, and answers with the collection.
template <typename Request>
CLI::App* AddEtagged(CLI::App* noun, Invocation& invocation, const char* verb, const char* help,
                     grpc::Status (CollectionService::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Collection*),
                     std::shared_ptr<Request> request) {
  CLI::App* leaf = noun->add_subcommand(verb, help);
  leaf->add_option_function<std::string>(
          "collection", [request](const std::string& name) { request->set_collection(name); },
          "col_… or its key")
      ->required();
  leaf->add_option_function<std::string>(
      "--etag", [request](const std::string& etag) { request->set_etag(etag); },
      "What is current, without");
  OnRun(leaf, invocation, [request, method](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    if (request->etag().empty()) {
      ASSIGN_OR_RETURN(*request->mutable_etag(), CurrentEtag(*client, request->collection()));
    }
    ASSIGN_OR_RETURN(const Collection collection, client->Call(method, *request));
    return run.Show(collection, [&] { return DescribeCollection(collection); });
  });
  return leaf;
}

void AddRebuildIndex(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::RebuildFieldIndexRequest>();
  CLI::App* leaf = noun->add_subcommand(
      "rebuild-index", "Build a field's index again, after conflicting records were corrected");
  leaf->add_option_function<std::string>(
          "collection", [request](const std::string& name) { request->set_collection(name); },
          "col_… or its key")
      ->required();
  leaf->add_option_function<std::string>(
          "field", [request](const std::string& key) { request->set_field(key); }, "Its key")
      ->required();
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Collection collection,
                     client->Call(&CollectionService::Stub::RebuildFieldIndex, *request));
    return run.Show(collection, [&] { return DescribeCollection(collection); });
  });
}

}  // namespace

void AddCollectionChanges(CLI::App* noun, Invocation& invocation) {
  AddUpdate(noun, invocation);
  auto removal = std::make_shared<tenantdata::v1::DeleteCollectionRequest>();
  AddEtagged(noun, invocation, "delete", "Put a collection away; undelete brings it back",
             &CollectionService::Stub::DeleteCollection, removal)
      ->add_flag_function(
          "--with-records", [removal](int64_t) { removal->set_with_records(true); },
          "Even while it has records, which go with it");
  AddEtagged(noun, invocation, "undelete", "Bring back a deleted collection",
             &CollectionService::Stub::UndeleteCollection,
             std::make_shared<tenantdata::v1::UndeleteCollectionRequest>());
  AddRebuildIndex(noun, invocation);
}

}  // namespace kasbah::cli
