#include "cli/commands/rights.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "absl/time/clock.h"
#include "cli/commands/named_call.h"
#include "cli/commands/rights_display.h"
#include "kasbah/tenantdata/v1/rights.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::DownloadExportResponse;
using tenantdata::v1::RightsOperation;
using tenantdata::v1::RightsService;
using Stub = RightsService::Stub;

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(500);

// "auth done, vault running (12 rows)": what has been asked so far.
std::string ProgressOf(const RightsOperation& operation) {
  std::string line;
  for (const auto& service : operation.services()) {
    if (service.state() == RightsOperation::STATE_UNSPECIFIED) continue;
    uint64_t rows = 0;
    for (const auto& [name, count] : service.rows()) rows += count;
    StrAppend(&line, line.empty() ? "" : ", ", service.service(), " ",
              EnumName(*RightsOperation::State_descriptor(), service.state()), " (", rows,
              " rows)");
  }
  return line;
}

// Looks until it is over, showing how far it is on a terminal.
absl::StatusOr<RightsOperation> Follow(Invocation& run, Client& client, RightsOperation operation) {
  while (!operation.done()) {
    run.terminal.Progress(StrCat("  ", RightsState(operation), "  ", ProgressOf(operation)));
    absl::SleepFor(kBetweenLooks);
    tenantdata::v1::GetRightsOperationRequest get;
    get.set_operation_id(operation.operation_id());
    ASSIGN_OR_RETURN(operation, client.Call(&Stub::GetRightsOperation, get));
  }
  run.terminal.ClearProgress();
  return operation;
}

absl::Status ShowOne(Invocation& run, const RightsOperation& operation) {
  return run.Show(operation, [&] { return DescribeRights(operation); });
}

// The operation that `start` begins, or what has become of it.
template <typename Start>
absl::Status Begin(Invocation& run, bool wait, Start start) {
  ASSIGN_OR_RETURN(Client * client, run.client());
  ASSIGN_OR_RETURN(RightsOperation operation, start(*client));
  if (wait) {
    ASSIGN_OR_RETURN(operation, Follow(run, *client, std::move(operation)));
  }
  return ShowOne(run, operation);
}

void AddExport(CLI::App* noun, Invocation& invocation) {
  auto subject = std::make_shared<std::string>();
  auto wait = std::make_shared<bool>(false);
  CLI::App* leaf =
      noun->add_subcommand("export", "Collect everything about a tenant, or about one person");
  leaf->add_option("--subject", *subject,
                   "One person: an e-mail address, usr_…, cus_… or an id of your own");
  leaf->add_flag("--wait", *wait, "Stay until it is done, showing how far it is");
  OnRun(leaf, invocation, [subject, wait](Invocation& run) -> absl::Status {
    return Begin(run, *wait, [&](Client& client) {
      if (subject->empty()) {
        return client.Call(&Stub::StartTenantExport, tenantdata::v1::StartTenantExportRequest());
      }
      tenantdata::v1::StartSubjectExportRequest request;
      request.set_subject(*subject);
      return client.Call(&Stub::StartSubjectExport, request);
    });
  });
}

void AddErase(CLI::App* noun, Invocation& invocation) {
  auto subject = std::make_shared<std::string>();
  auto wait = std::make_shared<bool>(false);
  CLI::App* leaf =
      noun->add_subcommand("erase", "Have every service erase one person; this cannot be undone");
  leaf->add_option("--subject", *subject, "An e-mail address, usr_…, cus_… or an id of your own")
      ->required();
  leaf->add_flag("--wait", *wait, "Stay until it is done, showing how far it is");
  OnRun(leaf, invocation, [subject, wait](Invocation& run) -> absl::Status {
    return Begin(run, *wait, [&](Client& client) {
      tenantdata::v1::StartSubjectErasureRequest request;
      request.set_subject(*subject);
      return client.Call(&Stub::StartSubjectErasure, request);
    });
  });
}

void AddEraseTenant(CLI::App* noun, Invocation& invocation) {
  auto confirm = std::make_shared<std::string>();
  auto wait = std::make_shared<bool>(false);
  CLI::App* leaf = noun->add_subcommand(
      "erase-tenant", "Have every service erase a closed tenant; this cannot be undone");
  leaf->add_option("--confirm", *confirm, "The tenant's slug, typed again")->required();
  leaf->add_flag("--wait", *wait, "Stay until it is done, showing how far it is");
  OnRun(leaf, invocation, [confirm, wait](Invocation& run) -> absl::Status {
    return Begin(run, *wait, [&](Client& client) {
      tenantdata::v1::StartTenantErasureRequest request;
      request.set_confirm(*confirm);
      return client.Call(&Stub::StartTenantErasure, request);
    });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "The newest 100");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::ListRightsOperations,
                                                    tenantdata::v1::ListRightsOperationsRequest()));
    return run.Show(reply, [&] {
      Table table({"OPERATION", "KIND", "STATE", "STARTED", "BY"});
      for (const RightsOperation& operation : reply.operations()) {
        table.Add({operation.operation_id(), RightsKind(operation), RightsState(operation),
                   ToCell(operation.create_time(), operation.has_create_time()),
                   operation.actor()});
      }
      return table.ToString();
    });
  });
}

absl::Status Download(Invocation& run, const std::string& id, std::ostream& out) {
  if (run.global.timeout_seconds == GlobalOptions().timeout_seconds) {
    run.global.timeout_seconds = 3600;
  }
  ASSIGN_OR_RETURN(Client * client, run.client());
  tenantdata::v1::DownloadExportRequest request;
  request.set_operation_id(id);
  uint64_t size = 0;
  uint64_t done = 0;
  const std::function<absl::Status(const DownloadExportResponse&)> take =
      [&](const DownloadExportResponse& reply) -> absl::Status {
    if (reply.size() != 0) size = reply.size();
    out << reply.chunk();
    if (!out) return absl::InternalError("the archive cannot be written here");
    done += reply.chunk().size();
    run.terminal.Progress(StrCat("  ", done, " of ", size, " bytes"));
    return absl::OkStatus();
  };
  const absl::Status status = client->Stream(&Stub::DownloadExport, request, take);
  run.terminal.ClearProgress();
  RETURN_IF_ERROR(status);
  if (done != size) return absl::DataLossError("the archive did not arrive whole");
  return absl::OkStatus();
}

void AddDownload(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("download", "Fetch the archive of an export, a tar file");
  leaf->add_option("operation", options->id, "op_…")->required();
  leaf->add_option("--out", options->out, "Where to write it; - for standard output")->required();
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    if (options->out == "-") return Download(run, options->id, std::cout);
    // The archive appears when it is complete.
    const std::string unfinished = options->out + ".part";
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    if (!out) return dev::FileError("write", unfinished, errno);
    absl::Status status = Download(run, options->id, out);
    out.close();
    if (status.ok() && (!out || std::rename(unfinished.c_str(), options->out.c_str()) != 0)) {
      status = dev::FileError("write", options->out, errno);
    }
    if (!status.ok()) std::remove(unfinished.c_str());
    return status;
  });
}

}  // namespace

void AddRights(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "rights", "Copies of what is held of a tenant or a person, and its end",
              "  kasbah --tenant ten_01h… rights export --wait\n"
              "  kasbah --tenant ten_01h… rights download op_01h… --out acme.tar\n"
              "  kasbah --tenant ten_01h… rights erase --subject ada@example.com --wait\n"
              "  kasbah --tenant ten_01h… rights erase-tenant --confirm acme --wait");
  AddExport(noun, invocation);
  AddErase(noun, invocation);
  AddEraseTenant(noun, invocation);
  AddList(noun, invocation);
  AddNamedCall(noun, invocation, "get", "How far one is", {"operation", "op_…"},
               &Stub::GetRightsOperation, &DescribeRights);
  AddNamedCall(noun, invocation, "cancel",
               "Stop an export and drop its archive, or an erasure that has not begun",
               {"operation", "op_…"}, &Stub::CancelRightsOperation, &DescribeRights);
  AddDownload(noun, invocation);
}

}  // namespace kasbah::cli
