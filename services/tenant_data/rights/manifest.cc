#include "services/tenant_data/rights/manifest.h"

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include <nlohmann/json.hpp>

namespace kasbah::tenantdata {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string ManifestOf(const RightsOperation& operation, const Tenant& tenant,
                       const std::vector<ArchiveMember>& members,
                       const std::vector<RightsCount>& counts) {
  Json manifest;
  manifest["format"] = "kasbah-export/1";
  manifest["operation_id"] = operation.id.ToString();
  manifest["kind"] = std::string(NameOf(operation.kind));
  if (!operation.subject.empty()) manifest["subject"] = operation.subject;
  manifest["tenant"] = Json{{"tenant_id", tenant.id.ToString()},
                            {"slug", tenant.slug},
                            {"display_name", tenant.display_name}};
  manifest["create_time"] =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", operation.created, absl::UTCTimeZone());
  Json& rows = manifest["rows"] = Json::object();
  for (const RightsCount& count : counts) rows[count.service][count.name] = count.rows;
  Json& listed = manifest["members"] = Json::array();
  for (const ArchiveMember& member : members) {
    listed.push_back(Json{{"name", member.name},
                          {"rows", member.rows},
                          {"bytes", member.size},
                          {"sha256", crypto::Hex(member.sha256)}});
  }
  return manifest.dump(2) + "\n";
}

std::string ChecksumsOf(const std::vector<ArchiveMember>& members) {
  std::string lines;
  for (const ArchiveMember& member : members) {
    StrAppend(&lines, crypto::Hex(member.sha256), "  ", member.name, "\n");
  }
  return lines;
}

}  // namespace kasbah::tenantdata
