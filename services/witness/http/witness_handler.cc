#include "services/witness/http/witness_handler.h"

#include "libs/base/strings.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::witness {
namespace {

http::Response Add(Witness& witness, const http::Request& request) {
  Answer answer = witness.Add(request.body);
  telemetry::GetCounter("kasbah_witness_requests_total", "Checkpoints, by how they were answered",
                        {{"status", StrCat(answer.status)}})
      .Add();
  if (answer.status != 200) {
    telemetry::LogWarning("not cosigned", {{"status", answer.status}});
  }
  http::Response response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.body);
  return response;
}

http::Response Text(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

http::Server::Handler WitnessHandler(Witness& witness) {
  return [&witness](const http::Request& request) {
    if (request.target == "/add-checkpoint") {
      if (request.method == "POST") return Add(witness, request);
      return Text(405, "add-checkpoint takes POST\n");
    }
    return Text(404, "not found\n");
  };
}

}  // namespace kasbah::witness
