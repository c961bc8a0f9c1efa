#pragma once

#include "kasbah/audit/v1/incidents.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/incidents/incident_registry.h"

namespace kasbah::audit {

// Incidents, for operators.
class IncidentService final : public v1::IncidentService::CallbackService {
 public:
  IncidentService(rpc::Pipeline& pipeline, IncidentRegistry& incidents, const Clock& clock);

  grpc::ServerUnaryReactor* OpenIncident(grpc::CallbackServerContext* context,
                                         const v1::OpenIncidentRequest* request,
                                         v1::Incident* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::Open, this);
  }
  grpc::ServerUnaryReactor* GetIncident(grpc::CallbackServerContext* context,
                                        const v1::GetIncidentRequest* request,
                                        v1::GetIncidentResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::Get, this);
  }
  grpc::ServerUnaryReactor* ListIncidents(grpc::CallbackServerContext* context,
                                          const v1::ListIncidentsRequest* request,
                                          v1::ListIncidentsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::List, this);
  }
  grpc::ServerUnaryReactor* ListAffectedTenants(grpc::CallbackServerContext* context,
                                                const v1::ListAffectedTenantsRequest* request,
                                                v1::ListAffectedTenantsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::ListTenants, this);
  }
  grpc::ServerUnaryReactor* NotifyTenants(grpc::CallbackServerContext* context,
                                          const v1::NotifyTenantsRequest* request,
                                          v1::Incident* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::Notify, this);
  }
  grpc::ServerUnaryReactor* AddIncidentEntry(grpc::CallbackServerContext* context,
                                             const v1::AddIncidentEntryRequest* request,
                                             v1::IncidentEntry* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::AddEntry, this);
  }
  grpc::ServerUnaryReactor* CloseIncident(grpc::CallbackServerContext* context,
                                          const v1::CloseIncidentRequest* request,
                                          v1::Incident* reply) override {
    return pipeline_.Run(context, *request, reply, &IncidentService::Close, this);
  }

 private:
  absl::StatusOr<v1::Incident> Open(const rpc::Call& call, const v1::OpenIncidentRequest& request);
  absl::StatusOr<v1::GetIncidentResponse> Get(const rpc::Call& call,
                                              const v1::GetIncidentRequest& request);
  absl::StatusOr<v1::ListIncidentsResponse> List(const rpc::Call& call,
                                                 const v1::ListIncidentsRequest& request);
  absl::StatusOr<v1::ListAffectedTenantsResponse> ListTenants(
      const rpc::Call& call, const v1::ListAffectedTenantsRequest& request);
  absl::StatusOr<v1::Incident> Notify(const rpc::Call& call,
                                      const v1::NotifyTenantsRequest& request);
  absl::StatusOr<v1::IncidentEntry> AddEntry(const rpc::Call& call,
                                             const v1::AddIncidentEntryRequest& request);
  absl::StatusOr<v1::Incident> Close(const rpc::Call& call,
                                     const v1::CloseIncidentRequest& request);

  rpc::Pipeline& pipeline_;
  IncidentRegistry& incidents_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
