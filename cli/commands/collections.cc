#include "cli/commands/collections.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_join.h"
#include "cli/commands/collection_changes.h"
#include "cli/commands/collection_file.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Collection;
using tenantdata::v1::CollectionService;
using tenantdata::v1::Field;

std::string ToText(const google::protobuf::Value& value) {
  std::string text;
  google::protobuf::util::MessageToJsonString(value, &text);
  return text;
}

std::string RulesOf(const Field& field) {
  std::vector<std::string> rules;
  if (field.required()) rules.push_back("required");
  if (field.unique()) rules.push_back("unique");
  if (field.indexed()) rules.push_back("indexed");
  if (!field.indexed_orders().empty())
    rules.push_back(StrCat("ordered by ", absl::StrJoin(field.indexed_orders(), "|")));
  if (field.sealed()) rules.push_back("sealed");
  if (field.searchable()) rules.push_back("searchable");
  if (field.sensitive()) rules.push_back("sensitive");
  if (field.has_min()) rules.push_back(StrCat("min ", field.min()));
  if (field.has_max()) rules.push_back(StrCat("max ", field.max()));
  if (!field.pattern().empty()) rules.push_back(StrCat("pattern ", field.pattern()));
  if (!field.choices().empty())
    rules.push_back(StrCat("one of ", absl::StrJoin(field.choices(), "|")));
  if (field.type() == tenantdata::v1::FIELD_TYPE_DECIMAL)
    rules.push_back(StrCat("scale ", field.scale()));
  if (field.has_default_value()) rules.push_back(StrCat("default ", ToText(field.default_value())));
  if (!field.reference_collection().empty())
    rules.push_back(StrCat("of ", field.reference_collection()));
  return rules.empty() ? "-" : absl::StrJoin(rules, ", ");
}

// "-" for a field without an index.
std::string IndexOf(const Field& field) {
  if (field.index_state() == tenantdata::v1::INDEX_STATE_UNSPECIFIED) return "-";
  std::string state = EnumName(*tenantdata::v1::IndexState_descriptor(), field.index_state());
  if (!field.building_orders().empty()) {
    StrAppend(&state, ", building by ", absl::StrJoin(field.building_orders(), "|"));
  }
  if (field.index_conflicts().empty()) return state;
  return StrCat(state, ": ", absl::StrJoin(field.index_conflicts(), " "));
}

}  // namespace

std::string DescribeCollection(const Collection& collection) {
  Table table({"FIELD", "TYPE", "GROUP", "RULES", "INDEX", "NAME"});
  for (const Field& field : collection.fields()) {
    table.Add({field.key(), EnumName(*tenantdata::v1::FieldType_descriptor(), field.type()),
               field.group().empty() ? "-" : field.group(), RulesOf(field), IndexOf(field),
               field.display_name()});
  }
  return StrCat(
      ToString({{"collection", collection.collection_id()},
                {"key", collection.key()},
                {"name", collection.display_name()},
                {"schema version", StrCat(collection.schema_version())},
                {"etag", collection.etag()},
                {"deleted", ToCell(collection.delete_time(), collection.has_delete_time())}}),
      "\n", table.ToString());
}

namespace {

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
      "Types: text, long_text, rich_text, integer, decimal (scale), boolean, date, timestamp, "
      "choice and multi_choice (choices), email, url, reference (reference_collection), "
      "secret_reference, file, json.\n"
      "Rules: required, unique, indexed, sealed, searchable, sensitive, min, max, pattern, "
      "default_value.\n"
      "\"indexed_orders\" of an indexed field: keys of others in whose order lists of one of its "
      "values have an index of their own.\n"
      "\"groups\": [{\"key\": …}], and \"group\" of a field, put fields together.");
  OnRun(leaf, invocation, [path](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(*path));
    const auto request = ParseCollection(text);
    if (!request.ok()) {
      return absl::InvalidArgumentError(StrCat(*path, ": ", FromAbsl(request.status().message())));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Collection collection,
                     client->Call(&CollectionService::Stub::CreateCollection, *request));
    return run.Show(collection, [&] { return DescribeCollection(collection); });
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
    return run.Show(collection, [&] { return DescribeCollection(collection); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::ListCollectionsRequest>();
  CLI::App* leaf = noun->add_subcommand("list", "Every collection");
  leaf->add_flag_function(
      "--deleted", [request](int64_t) { request->set_show_deleted(true); },
      "Those that were deleted as well");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    tenantdata::v1::ListCollectionsResponse reply;
    do {
      ASSIGN_OR_RETURN(const auto page,
                       client->Call(&CollectionService::Stub::ListCollections, *request));
      reply.mutable_collections()->MergeFrom(page.collections());
      request->set_page_token(page.next_page_token());
    } while (!request->page_token().empty());
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
                           "  kasbah collections get countries\n"
                           "  kasbah collections update countries -f countries.json "
                           "--validate-only");
  AddCreate(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
  AddCollectionChanges(noun, invocation);
}

}  // namespace kasbah::cli
