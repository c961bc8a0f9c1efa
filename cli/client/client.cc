#include "cli/client/client.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "libs/base/call_context.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/dev/files.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/tls.h"

namespace kasbah::cli {
namespace {

// An assertion is renewed this long before it ends, so that a call begun with it is not refused.
constexpr absl::Duration kConnectPatience = absl::Seconds(3);
constexpr absl::Duration kRenewBefore = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options) {
  if (options.api_key.empty() && !options.context.api_key_file.empty()) {
    ASSIGN_OR_RETURN(const std::string key, dev::ReadFile(options.context.api_key_file));
    options.api_key = std::string(absl::StripAsciiWhitespace(key));
  }
  auto client = std::unique_ptr<Client>(new Client(std::move(options)));
  const Options& given = client->options_;
  if (client->has_api_key()) {
    if (!given.tenant.empty()) {
      return absl::InvalidArgumentError(StrCat(
          "an API key decides the tenant by itself: leave --tenant away, or choose a context "
          "without a key (this is '",
          given.context.name, "')"));
    }
    return client;
  }
  const std::string& tenant = given.tenant.empty() ? given.context.tenant : given.tenant;
  if (!tenant.empty()) {
    ASSIGN_OR_RETURN(client->tenant_, TenantId::Parse(tenant));
  }
  return client;
}

std::string Client::ServiceOf(const std::string& package) {
  const std::vector<std::string> parts = absl::StrSplit(package, '.');
  const std::string area = parts.size() > 1 ? parts[1] : package;
  return area == "tenantdata" ? "tenant-data" : area;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Client::ChannelTo(const std::string& service) {
  std::lock_guard<std::mutex> hold(mutex_);
  std::shared_ptr<grpc::Channel>& channel = channels_[service];
  if (channel != nullptr) return channel;
  const auto address = options_.context.addresses.find(service);
  if (address == options_.context.addresses.end()) {
    return absl::FailedPreconditionError(StrCat("context '", options_.context.name,
                                                "' has no address for ", service, "; add it to ",
                                                options_.context.file));
  }
  const std::string identity =
      StrCat("spiffe://", options_.context.trust_domain, "/service/", service);
  ASSIGN_OR_RETURN(channel,
                   rpc::CreateChannel(address->second, identity, {options_.context.tls_directory}));
  return channel;
}

absl::StatusOr<Client::Prepared> Client::Prepare(const std::string& service, Scope scope,
                                                 grpc::ClientContext* context) {
  Prepared prepared;
  ASSIGN_OR_RETURN(prepared.channel, ChannelTo(service));
  // A call that has not left may wait for a service that is being restarted; one that is away is
  // said to be after this long.
  prepared.channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kConnectPatience));
  const absl::Time now = absl::Now();
  CallContext call;
  call.deadline = now + options_.timeout;
  call.request_id = Uuid::V7(now).ToString();
  prepared.request_id = call.request_id;
  if (scope == Scope::kTenant) {
    if (has_api_key()) {
      ASSIGN_OR_RETURN(const std::string assertion, CurrentAssertion());
      context->AddMetadata("authorization", "Bearer " + assertion);
    } else {
      ASSIGN_OR_RETURN(const rpc::SpiffeId self,
                       rpc::OwnIdentity({options_.context.tls_directory}));
      // A tenant's program is its tenant's; everybody else says for whom.
      if (!self.is_tenant_workload() && !tenant_.has_value()) {
        return absl::InvalidArgumentError(
            "for which tenant? Say --tenant ten_… (`kasbah tenants list` shows them)");
      }
      if (tenant_.has_value()) call.tenant = *tenant_;
      if (self.is_tenant_workload()) {
        ASSIGN_OR_RETURN(const std::string assertion, CurrentAssertion());
        context->AddMetadata("authorization", "Bearer " + assertion);
      }
    }
    if (!options_.customer.empty()) {
      ASSIGN_OR_RETURN(call.customer, CustomerId::Parse(options_.customer));
    }
  }
  rpc::Propagate(call, context);
  return prepared;
}

absl::StatusOr<std::string> Client::CurrentAssertion() {
  {
    std::lock_guard<std::mutex> hold(mutex_);
    if (assertion_.has_value() && absl::Now() < assertion_->renew_at) return assertion_->token;
  }
  ASSIGN_OR_RETURN(Assertion fresh, NewAssertion());
  std::lock_guard<std::mutex> hold(mutex_);
  assertion_ = std::move(fresh);
  return assertion_->token;
}

absl::StatusOr<Client::Assertion> Client::NewAssertion() {
  const auto keep = [](const auto& reply) {
    return Assertion{reply.assertion(),
                     absl::FromUnixSeconds(reply.expire_time().seconds()) - kRenewBefore};
  };
  if (has_api_key()) {
    auth::v1::ResolveCredentialRequest request;
    request.set_api_key(options_.api_key);
    ASSIGN_OR_RETURN(const auto reply,
                     CallSystem(&auth::v1::CredentialService::Stub::ResolveCredential, request));
    return keep(reply);
  }
  ASSIGN_OR_RETURN(const auto reply,
                   CallSystem(&auth::v1::WorkloadIdentityService::Stub::IssueWorkloadAssertion,
                              auth::v1::IssueWorkloadAssertionRequest()));
  return keep(reply);
}

bool Client::MayRepeat(const absl::Status& status, absl::Time patience) {
  const std::optional<absl::Duration> delay = DetailsOf(status).retry_delay;
  if (!absl::IsUnavailable(status) || !delay.has_value()) return false;
  if (absl::Now() + *delay > patience) return false;
  absl::SleepFor(*delay);
  return true;
}

absl::Status Client::Failed(absl::Status status, const std::string& service,
                            const std::string& request_id) {
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    std::lock_guard<std::mutex> hold(mutex_);
    assertion_.reset();
  }
  return FromService(std::move(status), service, request_id);
}

}  // namespace kasbah::cli
