#include "cli/commands/workloads.h"

#include "absl/strings/str_join.h"
#include "cli/client/paging.h"
#include "cli/commands/named_call.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using auth::v1::KubernetesServiceAccount;
using auth::v1::Workload;
using auth::v1::WorkloadService;

constexpr char kAccountHelp[] =
    "NAMESPACE/ACCOUNT@ISSUER: pods of this service account are the workload; may be repeated";

// "prod/web@https://kubernetes.example". Neither name has a "/" or an "@".
absl::StatusOr<KubernetesServiceAccount> ParseAccount(const std::string& text) {
  const size_t slash = text.find('/');
  const size_t at = text.find('@');
  if (slash == std::string::npos || at == std::string::npos || at < slash) {
    return absl::InvalidArgumentError(StrCat("'", text,
                                             "' must be NAMESPACE/ACCOUNT@ISSUER, such as "
                                             "prod/web@https://kubernetes.example"));
  }
  KubernetesServiceAccount account;
  account.set_namespace_(text.substr(0, slash));
  account.set_service_account(text.substr(slash + 1, at - slash - 1));
  account.set_issuer(text.substr(at + 1));
  return account;
}

template <typename Request>
absl::Status FillAccounts(const std::vector<std::string>& texts, Request* request) {
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(*request->add_kubernetes(), ParseAccount(text));
  }
  return absl::OkStatus();
}

std::string AccountsOf(const Workload& workload) {
  return absl::StrJoin(
      workload.kubernetes(), ", ", [](std::string* out, const KubernetesServiceAccount& account) {
        StrAppend(out, account.namespace_(), "/", account.service_account(), "@", account.issuer());
      });
}

std::string Describe(const Workload& workload) {
  return ToString({{"workload", workload.workload_id()},
                   {"name", workload.name()},
                   {"certificate", workload.spiffe_id()},
                   {"kubernetes", AccountsOf(workload)},
                   {"etag", workload.etag()},
                   {"created", ToCell(workload.create_time(), workload.has_create_time())},
                   {"updated", ToCell(workload.update_time(), workload.has_update_time())}});
}

std::string DescribeDeleted(const auth::v1::DeleteWorkloadResponse&) {
  return "deleted; what was issued to it ends within 5 seconds\n";
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<auth::v1::CreateWorkloadRequest>();
  auto accounts = std::make_shared<std::vector<std::string>>();
  CLI::App* leaf = noun->add_subcommand("create", "Register a program, by name");
  leaf->add_option_function<std::string>(
          "name", [request](const std::string& name) { request->set_name(name); },
          "Lower-case letters, digits and -: the end of its certificate's SPIFFE id")
      ->required();
  leaf->add_option("--kubernetes", *accounts, kAccountHelp)->allow_extra_args(false);
  OnRun(leaf, invocation, [request, accounts](Invocation& run) -> absl::Status {
    RETURN_IF_ERROR(FillAccounts(*accounts, request.get()));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Workload workload,
                     client->Call(&WorkloadService::Stub::CreateWorkload, *request));
    return run.Show(workload, [&] { return Describe(workload); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every registered program");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &WorkloadService::Stub::ListWorkloads,
                             auth::v1::ListWorkloadsRequest(),
                             &auth::v1::ListWorkloadsResponse::mutable_workloads, *limit));
    return run.Show(reply, [&] {
      Table table({"WORKLOAD", "NAME", "KUBERNETES", "CREATED"});
      for (const Workload& workload : reply.workloads()) {
        table.Add({workload.workload_id(), workload.name(), AccountsOf(workload),
                   ToCell(workload.create_time(), workload.has_create_time())});
      }
      return table.ToString();
    });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    auth::v1::UpdateWorkloadRequest request;
    std::vector<std::string> accounts;
    bool none = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("update", "Say anew which pods are the workload");
  leaf->add_option_function<std::string>(
          "workload", [options](const std::string& name) { options->request.set_workload(name); },
          "wkl_… or its name")
      ->required();
  leaf->add_option("--kubernetes", options->accounts, kAccountHelp)->allow_extra_args(false);
  leaf->add_flag("--no-kubernetes", options->none, "None of them any more");
  leaf->add_option_function<std::string>(
      "--etag", [options](const std::string& etag) { options->request.set_etag(etag); },
      "Only if the workload still is as this etag says");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    if (options->accounts.empty() != options->none) {
      return absl::InvalidArgumentError(
          "say --kubernetes, for all that are meant, or "
          "--no-kubernetes");
    }
    RETURN_IF_ERROR(FillAccounts(options->accounts, &options->request));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Workload workload,
                     client->Call(&WorkloadService::Stub::UpdateWorkload, options->request));
    return run.Show(workload, [&] { return Describe(workload); });
  });
}

}  // namespace

void AddWorkloads(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "workloads", "Programs of a tenant that its secrets go to (operator or owner)",
              "  kasbah --tenant ten_01h… workloads create importer\n"
              "  kasbah --tenant ten_01h… workloads create web --kubernetes "
              "prod/web@https://kubernetes.example\n"
              "  kasbah --tenant ten_01h… workloads delete importer");
  AddCreate(noun, invocation);
  AddList(noun, invocation);
  using Stub = WorkloadService::Stub;
  const NameArgument argument{"workload", "wkl_… or its name"};
  AddNamedCall(noun, invocation, "get", "A registered program", argument, &Stub::GetWorkload,
               &Describe);
  AddUpdate(noun, invocation);
  AddNamedCall(noun, invocation, "delete", "Let it have nothing any more", argument,
               &Stub::DeleteWorkload, &DescribeDeleted);
}

}  // namespace kasbah::cli
