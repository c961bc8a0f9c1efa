#pragma once

#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/store/customer_store.h"

namespace kasbah::tenantdata {

// A tenant's customers. A call that is made for one customer sees that one and changes none.
class CustomerService final : public v1::CustomerService::CallbackService {
 public:
  CustomerService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                  const Clock& clock);

  grpc::ServerUnaryReactor* CreateCustomer(grpc::CallbackServerContext* context,
                                           const v1::CreateCustomerRequest* request,
                                           v1::Customer* reply) override {
    return pipeline_.Run(context, *request, reply, &CustomerService::Create, this);
  }
  grpc::ServerUnaryReactor* GetCustomer(grpc::CallbackServerContext* context,
                                        const v1::GetCustomerRequest* request,
                                        v1::Customer* reply) override {
    return pipeline_.Run(context, *request, reply, &CustomerService::Get, this);
  }
  grpc::ServerUnaryReactor* ListCustomers(grpc::CallbackServerContext* context,
                                          const v1::ListCustomersRequest* request,
                                          v1::ListCustomersResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CustomerService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateCustomer(grpc::CallbackServerContext* context,
                                           const v1::UpdateCustomerRequest* request,
                                           v1::Customer* reply) override {
    return pipeline_.Run(context, *request, reply, &CustomerService::Update, this);
  }
  grpc::ServerUnaryReactor* SuspendCustomer(grpc::CallbackServerContext* context,
                                            const v1::SuspendCustomerRequest* request,
                                            v1::Customer* reply) override {
    return pipeline_.Run(context, *request, reply, &CustomerService::Suspend, this);
  }
  grpc::ServerUnaryReactor* ResumeCustomer(grpc::CallbackServerContext* context,
                                           const v1::ResumeCustomerRequest* request,
                                           v1::Customer* reply) override {
    return pipeline_.Run(context, *request, reply, &CustomerService::Resume, this);
  }

 private:
  absl::StatusOr<v1::Customer> Create(const rpc::Call& call,
                                      const v1::CreateCustomerRequest& request);
  absl::StatusOr<v1::Customer> Get(const rpc::Call& call, const v1::GetCustomerRequest& request);
  absl::StatusOr<v1::ListCustomersResponse> List(const rpc::Call& call,
                                                 const v1::ListCustomersRequest& request);
  absl::StatusOr<v1::Customer> Update(const rpc::Call& call,
                                      const v1::UpdateCustomerRequest& request);
  absl::StatusOr<v1::Customer> Suspend(const rpc::Call& call,
                                       const v1::SuspendCustomerRequest& request);
  absl::StatusOr<v1::Customer> Resume(const rpc::Call& call,
                                      const v1::ResumeCustomerRequest& request);
  // Again: the same answer and no second event.
  absl::StatusOr<v1::Customer> Change(const rpc::Call& call, const std::string& customer_id,
                                      bool suspend);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  CustomerStore customers_;
};

}  // namespace kasbah::tenantdata
