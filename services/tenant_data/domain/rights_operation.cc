#include "services/tenant_data/domain/rights_operation.h"

#include <array>
#include <utility>

#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

using enum RightsStep::Action;

constexpr std::string_view kHere = "tenant-data";

constexpr std::array<std::pair<RightsKind, std::string_view>, 4> kKinds = {{
    {RightsKind::kSubjectExport, "subject_export"},
    {RightsKind::kTenantExport, "tenant_export"},
    {RightsKind::kSubjectErasure, "subject_erasure"},
    {RightsKind::kTenantErasure, "tenant_erasure"},
}};
constexpr std::array<std::pair<RightsState, std::string_view>, 4> kStates = {{
    {RightsState::kRunning, "running"},
    {RightsState::kDone, "done"},
    {RightsState::kFailed, "failed"},
    {RightsState::kCancelled, "cancelled"},
}};

template <typename Enum, size_t N>
Enum Parse(const std::array<std::pair<Enum, std::string_view>, N>& names, std::string_view name) {
  for (const auto& [value, text] : names) {
    if (text == name) return value;
  }
  Crash("a rights operation that the table does not allow", __FILE__, __LINE__);
}

}  // namespace

std::string_view NameOf(RightsKind kind) { return kKinds[static_cast<size_t>(kind)].second; }
std::string_view NameOf(RightsState state) { return kStates[static_cast<size_t>(state)].second; }
RightsKind ParseRightsKind(std::string_view name) { return Parse(kKinds, name); }
RightsState ParseRightsState(std::string_view name) { return Parse(kStates, name); }

const std::vector<RightsStep>& StepsOf(RightsKind kind) {
  static const auto* const subject_export = new std::vector<RightsStep>{
      {kExportSubject, kHere},   {kExportSubject, "auth"},
      {kExportSubject, "vault"}, {kExportSubject, "webhook"},
      {kExportSubject, "audit"}, {kExportFiles, ""},
      {kManifest, ""},
  };
  static const auto* const tenant_export = new std::vector<RightsStep>{
      {kExportTenant, kHere},   {kExportTenant, "auth"},
      {kExportTenant, "vault"}, {kExportTenant, "webhook"},
      {kExportTenant, "audit"}, {kExportFiles, ""},
      {kManifest, ""},
  };
  // The trail last: what the others do stands in it. An archive that was begun meanwhile goes too.
  static const auto* const subject_erasure = new std::vector<RightsStep>{
      {kDropArchives, ""},      {kEraseSubject, kHere},
      {kEraseSubject, "vault"}, {kEraseSubject, "webhook"},
      {kEraseSubject, "auth"},  {kEraseSubject, "audit"},
      {kDropArchives, ""},      {kTell, ""},
  };
  // Keys first: from there on nothing opens, wherever it still stands.
  static const auto* const tenant_erasure = new std::vector<RightsStep>{
      {kDropArchives, ""},       {kEraseTenant, "vault"},
      {kEraseFiles, ""},         {kEraseTenant, kHere},
      {kEraseTenant, "webhook"}, {kEraseTenant, "auth"},
      {kEraseTenant, "audit"},   {kSettle, ""},
      {kTombstone, ""},          {kTell, ""},
  };
  switch (kind) {
    case RightsKind::kSubjectExport:
      return *subject_export;
    case RightsKind::kTenantExport:
      return *tenant_export;
    case RightsKind::kSubjectErasure:
      return *subject_erasure;
    case RightsKind::kTenantErasure:
      return *tenant_erasure;
  }
  Crash("a rights operation of no kind", __FILE__, __LINE__);
}

}  // namespace kasbah::tenantdata
