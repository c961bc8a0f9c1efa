#include "libs/rpc/malformed_request.h"

#include <string>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"
#include "libs/telemetry/log.h"

namespace kasbah::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

class Explainer : public Interceptor {
 public:
  explicit Explainer(const char* method) : method_(method) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = batch->GetSendStatus();
      // Whatever we answer ourselves carries details.
      if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED &&
          status.error_details().empty()) {
        telemetry::LogInfo("a request could not be parsed", {{"method", method_}});
        batch->ModifySendStatus(ToGrpcStatus(
            Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
                  "the request is not a message of the method's type, or a string in it is not "
                  "valid UTF-8"),
            ""));
      }
    }
    batch->Proceed();
  }

 private:
  const char* const method_;
};

class Factory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(const std::vector<const google::protobuf::ServiceDescriptor*>& services) {
    for (const google::protobuf::ServiceDescriptor* service : services) {
      for (int i = 0; i < service->method_count(); ++i) {
        methods_.insert(StrCat("/", service->full_name(), "/", service->method(i)->name()));
      }
    }
  }
  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return methods_.contains(info->method()) ? new Explainer(info->method()) : nullptr;
  }

 private:
  absl::flat_hash_set<std::string> methods_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> ExplainMalformedRequests(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services) {
  return std::make_unique<Factory>(services);
}

}  // namespace kasbah::rpc
