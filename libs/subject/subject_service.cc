#include "libs/subject/subject_service.h"

#include "libs/base/status_macros.h"
#include "libs/rpc/call.h"

namespace kasbah::subject {

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, const Clock& clock, TenantTables tables)
    : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock), tables_(tables) {}

grpc::ServerUnaryReactor* SubjectService::ExportSubject(grpc::CallbackServerContext* context,
                                                        const v1::ExportSubjectRequest* request,
                                                        v1::ExportSubjectResponse* reply) {
  return pipeline_.Run(context, *request, reply, &SubjectService::ExportWhole, this);
}

grpc::ServerUnaryReactor* SubjectService::EraseSubject(grpc::CallbackServerContext* context,
                                                       const v1::EraseSubjectRequest* request,
                                                       v1::EraseSubjectResponse* reply) {
  return pipeline_.Run(context, *request, reply, &SubjectService::EraseWhole, this);
}

absl::StatusOr<v1::ExportSubjectResponse> SubjectService::ExportWhole(
    const rpc::Call& call, const v1::ExportSubjectRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  return Export(call, request);
}

absl::StatusOr<v1::EraseSubjectResponse> SubjectService::EraseWhole(
    const rpc::Call& call, const v1::EraseSubjectRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  return Erase(call, request);
}

void SubjectService::AddValue(std::string_view column, std::string row, std::string value,
                              v1::ExportSubjectResponse* reply) {
  if (value.empty()) return;
  v1::PersonalValue* const added = reply->add_values();
  added->set_column(std::string(column));
  added->set_row_id(std::move(row));
  added->set_value(std::move(value));
}

}  // namespace kasbah::subject
