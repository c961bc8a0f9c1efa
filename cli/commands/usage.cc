#include "cli/commands/usage.h"

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "cli/client/paging.h"
#include "kasbah/tenantdata/v1/usage.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::ListUsageRequest;
using tenantdata::v1::ListUsageResponse;
using tenantdata::v1::Quota;
using tenantdata::v1::TenantUsage;
using usage::v1::Meter;
using Stub = tenantdata::v1::UsageService::Stub;

std::string NameOf(Meter meter) { return EnumName(*usage::v1::Meter_descriptor(), meter); }

std::string Day(absl::CivilDay day) { return absl::FormatCivilTime(day); }

void AddList(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<ListUsageRequest>();
  auto limit = std::make_shared<int>(0);
  CLI::App* leaf = noun->add_subcommand("list", "Every tenant's use, day by day (UTC)");
  leaf->add_option_function<std::string>(
      "--from", [request](const std::string& day) { request->set_start_date(day); },
      "First day, 2026-11-01; the first of this month when left out");
  leaf->add_option_function<std::string>(
      "--to", [request](const std::string& day) { request->set_end_date(day); },
      "The day after the last; tomorrow when left out");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [request, limit](Invocation& run) -> absl::Status {
    const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
    if (request->start_date().empty()) {
      request->set_start_date(Day(absl::CivilDay(absl::CivilMonth(today))));
    }
    if (request->end_date().empty()) request->set_end_date(Day(today + 1));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(auto reply, ListAll(*client, Client::Scope::kSystem, &Stub::ListUsage,
                                         *request, &ListUsageResponse::mutable_usage, *limit));
    return run.Show(reply, [&] {
      Table table({"DATE", "TENANT", "METER", "QUANTITY", "FINAL"});
      for (const auto& one : reply.usage()) {
        // Dates of this form sort as what they say.
        table.Add({one.date(), one.tenant_id(), NameOf(one.meter()), StrCat(one.quantity()),
                   one.date() < reply.final_before() ? "yes" : "no"});
      }
      return table.ToString();
    });
  });
}

void AddShow(CLI::App* noun, Invocation& invocation) {
  auto tenant = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand(
      "show", "What one tenant holds, and has used this month (UTC), beside what it may");
  leaf->add_option("tenant_id", *tenant, "ten_…; otherwise the context's or --tenant");
  OnRun(leaf, invocation, [tenant](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const auto client, run.ClientFor(*tenant));
    ASSIGN_OR_RETURN(const TenantUsage usage,
                     client->Call(&Stub::GetUsage, tenantdata::v1::GetUsageRequest()));
    return run.Show(usage, [&] {
      Table table({"METER", "QUANTITY", "LIMIT", "COUNTED"});
      for (const auto& one : usage.meters()) {
        table.Add({NameOf(one.meter()), StrCat(one.quantity()),
                   one.has_limit() ? StrCat(one.limit()) : std::string("-"),
                   ToCell(one.count_time(), one.has_count_time())});
      }
      return table.ToString();
    });
  });
}

absl::Status SetQuota(Invocation& run, const std::string& meter,
                      const std::optional<uint64_t>& limit) {
  tenantdata::v1::SetQuotaRequest request;
  const int number = EnumNumber(*usage::v1::Meter_descriptor(), meter);
  if (number < 0) {
    return absl::InvalidArgumentError(StrCat("there is no meter '", meter, "': say one of ",
                                             EnumNames(*usage::v1::Meter_descriptor())));
  }
  request.set_meter(static_cast<Meter>(number));
  if (limit) request.set_limit(*limit);
  ASSIGN_OR_RETURN(Client * client, run.client());
  ASSIGN_OR_RETURN(const Quota quota, client->Call(&Stub::SetQuota, request));
  return run.Show(quota, [&] {
    return ToString(
        {{"meter", NameOf(quota.meter())},
         {"limit", quota.has_limit() ? StrCat(quota.limit()) : std::string("none")},
         {"in force", quota.in_force() ? "yes" : "not yet: who counts it does not answer"}});
  });
}

void AddQuota(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "quota", "How much a tenant may have; kasbah usage show lists it",
                           "  kasbah --tenant ten_01h… quota set records 100000\n"
                           "  kasbah --tenant ten_01h… quota set file_bytes 5000000000\n"
                           "  kasbah --tenant ten_01h… quota clear records");
  const std::string meters =
      "records, file_bytes, secrets: all there is; deliveries, "
      "appended_events: a month's";
  auto meter = std::make_shared<std::string>();
  auto limit = std::make_shared<uint64_t>();
  CLI::App* set = noun->add_subcommand("set", "Not more than this from now on");
  set->add_option("meter", *meter, meters)->required();
  set->add_option("limit", *limit, "How much; what there is beyond it stays")->required();
  OnRun(set, invocation, [meter, limit](Invocation& run) { return SetQuota(run, *meter, *limit); });
  CLI::App* clear = noun->add_subcommand("clear", "As much as it likes from now on");
  clear->add_option("meter", *meter, meters)->required();
  OnRun(clear, invocation,
        [meter](Invocation& run) { return SetQuota(run, *meter, std::nullopt); });
}

}  // namespace

void AddUsage(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "usage", "What tenants hold and use, for bills",
                           "  kasbah usage list --from 2026-11-01 --to 2026-12-01 --output json\n"
                           "  kasbah usage show ten_01h…");
  AddList(noun, invocation);
  AddShow(noun, invocation);
  AddQuota(root, invocation);
}

}  // namespace kasbah::cli
