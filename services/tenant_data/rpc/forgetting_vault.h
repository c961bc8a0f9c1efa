#pragma once

#include <set>
#include <string>

#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"

namespace kasbah::tenantdata {

// Stands for the vault's shredding in tests: notes whose share is gone.
class ForgettingVault final : public vault::v1::ShredService::Service {
 public:
  grpc::Status ShredSubject(grpc::ServerContext*, const vault::v1::ShredSubjectRequest* request,
                            vault::v1::ShredSubjectResponse*) override {
    shredded.insert(request->subject());
    return grpc::Status::OK;
  }

  // Changed while nothing calls.
  std::set<std::string> shredded;
};

}  // namespace kasbah::tenantdata
