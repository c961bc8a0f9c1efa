#include "services/@schema@/@schema@_app.h"

#include <vector>

#include "kasbah/@package@/v1/@schema@.pb.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "libs/base/status_macros.h"
#include "libs/service/service.h"
#include "services/@schema@/rpc/@resource@_service.h"
#include "services/@schema@/rpc/subject_service.h"

namespace kasbah::@package@ {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  return {v1::@Resource@::descriptor()->file()->FindServiceByName("@Resource@Service"),
          subject::v1::Subject::descriptor()->file()->FindServiceByName("SubjectService")};
}

}  // namespace

absl::Status Run(const @Schema@Config& config) {
  ASSIGN_OR_RETURN(const auto service, service::Service::Create({.schema = "@schema@",
                                                                 .config = config.service,
                                                                 .descriptors = Descriptors(),
                                                                 .own_jwks = nullptr}));
  @Resource@Service @plural@(service->pipeline(), service->database(), service->outbox(),
                         service->clock());
  SubjectService subjects(service->pipeline(), service->database(), service->outbox(),
                          service->clock());
  return service->Run({&@plural@, &subjects});
}

}  // namespace kasbah::@package@
