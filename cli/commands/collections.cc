#include "cli/commands/collections.h"

#include "absl/strings/str_join.h"
#include "cli/commands/collection_file.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Collection;
using tenantdata::v1::CollectionService;
using tenantdata::v1::Field;

std::string RulesOf(const Field& field) {
  std::vector<std::string> rules;
  if (field.required()) rules.push_back("required");
  if (field.unique()) rules.push_back("unique");
  if (field.indexed()) rules.push_back("indexed");
  if (field.sealed()) rules.push_back("sealed");
  if (field.has_min()) rules.push_back(StrCat("min ", field.min()));
  if (field.has_max()) rules.push_back(StrCat("max ", field.max()));
  if (!field.pattern().empty()) rules.push_back(StrCat("pattern ", field.pattern()));
  if (!field.choices().empty())
    rules.push_back(StrCat("one of ", absl::StrJoin(field.choices(), "|")));
  return rules.empty() ? "-" : absl::StrJoin(rules, ", ");
}

std::string Describe(const Collection& collection) {
  Table table({"FIELD", "TYPE", "RULES", "NAME"});
  for (const Field& field : collection.fields()) {
    table.Add({field.key(), EnumName(*tenantdata::v1::FieldType_descriptor(), field.type()),
               RulesOf(field), field.display_name()});
  }
  return StrCat(ToString({{"collection", collection.collection_id()},
                          {"key", collection.key()},
                          {"name", collection.display_name()},
                          {"schema version", StrCat(collection.schema_version())}}),
                "\n", table.ToString());
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  auto path = std::make_shared<std::string>();
  CLI::App* leaf =
      noun->add_subcommand("create", "Make a collection from a description of its fields");
  leaf->add_option("-f,--file", *path, "JSON; - for standard input")->required();
  leaf->footer(
      "The file:\n"
      "  {\"key\": \"countries\", \"display_name\": \"Countries\", \"fields\": [\n"
      "    {\"key\": \"alpha_2\", \"type\": \"text\", \"required\": true, \"unique\": true,\n"
      "     \"indexed\": true, \"pattern\": \"[A-Z]{2}\"},\n"
      "    {\"key\": \"note\", \"type\": \"text\", \"sealed\": true}]}\n"
      "Types: text, integer, decimal (scale), boolean, date, timestamp, choice (choices), email, "
      "url.\n"
      "Rules: required, unique, indexed, sealed, min, max, pattern.");
  OnRun(leaf, invocation, [path](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(*path));
    const auto request = ParseCollection(text);
    if (!request.ok()) {
      return absl::InvalidArgumentError(StrCat(*path, ": ", FromAbsl(request.status().message())));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Collection collection,
                     client->Call(&CollectionService::Stub::CreateCollection, *request));
    return run.Show(collection, [&] { return Describe(collection); });
  });
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  auto name = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("get", "One collection and its fields");
  leaf->add_option("collection", *name, "col_… or its key")->required();
  OnRun(leaf, invocation, [name](Invocation& run) -> absl::Status {
    tenantdata::v1::GetCollectionRequest request;
    request.set_collection(*name);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Collection collection,
                     client->Call(&CollectionService::Stub::GetCollection, request));
    return run.Show(collection, [&] { return Describe(collection); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "Every collection");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&CollectionService::Stub::ListCollections,
                                                    tenantdata::v1::ListCollectionsRequest()));
    return run.Show(reply, [&] {
      Table table({"COLLECTION", "KEY", "FIELDS", "CREATED", "NAME"});
      for (const Collection& collection : reply.collections()) {
        table.Add({collection.collection_id(), collection.key(), StrCat(collection.fields_size()),
                   ToCell(collection.create_time(), collection.has_create_time()),
                   collection.display_name()});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddCollections(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "collections", "Typed fields that records have",
                           "  kasbah --tenant ten_01h… collections create -f countries.json\n"
                           "  kasbah collections get countries");
  AddCreate(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
}

}  // namespace kasbah::cli
