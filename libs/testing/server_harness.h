#pragma once

#include <grpcpp/grpcpp.h>

#include <bitset>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/crypto/ed25519.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "libs/rpc/status_mapping.h"

namespace kasbah::testing {

inline constexpr char kTrustDomain[] = "kasbah.dev";
inline constexpr char kUser[] = "usr_01h455vb4pex5vsknk084sn02q";
inline constexpr char kWorkload[] = "wkl_01h455vb4pex5vsknk084sn03w";

// A service's handlers behind the real pipeline and mutual TLS on loopback: for fixtures to derive
// from. Callers are paths with certificates of their own, such as "operator/ada"; users come
// through the gateway and registered programs with their tenant's certificate, with an assertion
// that is signed here in auth's place and permits everything.
class ServerHarness {
 protected:
  // The server is "service/<service>".
  explicit ServerHarness(std::string_view service);
  ~ServerHarness();

  // Options of a process of that path, with the harness's key set.
  rpc::Server::Options ServerOptions(const std::string& path);
  // Makes the server of all services in `files`. Handlers are made with its pipeline.
  void CreateServer(const std::vector<const google::protobuf::FileDescriptor*>& files);
  void CreateServer(rpc::Server::Options options,
                    const std::vector<const google::protobuf::FileDescriptor*>& files);
  void Serve(const std::vector<grpc::Service*>& services);
  // Before the handlers are destroyed.
  void StopServer();

  // The directory with the certificate of `path`, issued at the first call.
  std::string Certificate(const std::string& path);
  // A channel to the server, as `path`.
  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& path);

  // As the workload itself, for a tenant; a nil one for calls to the installation.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> As(const std::string& path, TenantId tenant,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Reply*),
                           const Request& request) {
    Stub stub(ChannelOf(path));
    return rpc::Invoke(CallContext::ForBackground(path, tenant, CallDeadline()), stub, method,
                       request);
  }

  // As a user of the tenant, or of one of its customers: `customer`, or else `customer_`.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> AsUser(
      TenantId tenant, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
      const Request& request, std::optional<CustomerId> customer = std::nullopt) {
    return With<Stub>("service/gateway", AssertionFor(tenant, customer ? customer : customer_),
                      method, request);
  }
  std::string AssertionFor(TenantId tenant, std::optional<CustomerId> customer = std::nullopt);

  // As a program that the tenant registered: the workload kWorkload.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> AsProgram(TenantId tenant,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Reply*),
                                  const Request& request) {
    return With<Stub>(ProgramPath(tenant), ProgramAssertion(tenant), method, request);
  }
  static std::string ProgramPath(TenantId tenant) {
    return "tenant/" + tenant.ToString() + "/workload/app";
  }
  // Issued to the program itself, or to another path in its place.
  std::string ProgramAssertion(TenantId tenant, const std::string& azp = "");

  // As `path`, with an assertion.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> With(const std::string& path, const std::string& assertion,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Reply*),
                             const Request& request) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(CallDeadline()));
    context.AddMetadata("authorization", "Bearer " + assertion);
    Stub stub(ChannelOf(path));
    Reply reply;
    const absl::Status status = rpc::FromGrpcStatus((stub.*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }
  // Signed in auth's place: of this tenant's, from now on.
  std::string Signed(rpc::Assertion assertion, TenantId tenant);

  // Long, for the sanitizers, under which a call of a second takes half a minute.
  static absl::Time CallDeadline() { return absl::Now() + absl::Seconds(60); }

  std::optional<CustomerId> customer_;
  // What users and programs are permitted: everything, unless a test takes something away.
  std::bitset<128> permissions_ = std::bitset<128>().set();
  std::unique_ptr<rpc::Server> server_;

 private:
  const std::string path_;
  const std::string directory_;
  const crypto::Ed25519Key signer_ = crypto::Ed25519Key::Generate();
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kasbah::testing
