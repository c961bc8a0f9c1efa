#include "tests/bench/echo_server.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kasbah/status/v1/status.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/process.h"
#include "libs/rpc/tls.h"

namespace kasbah::bench {
namespace {

class Echo final : public status::v1::StatusService::CallbackService {
  grpc::ServerUnaryReactor* Ping(grpc::CallbackServerContext* context,
                                 const status::v1::PingRequest*,
                                 status::v1::PingResponse* reply) override {
    reply->set_server("echo");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

void ServeEcho(const std::string& certificate_directory, int port_pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  rpc::PrepareProcess();
  auto credentials = rpc::ServerTls({certificate_directory});
  KASBAH_CHECK(credentials.ok());
  Echo echo;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", *credentials, &port);
  builder.RegisterService(&echo);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  KASBAH_CHECK(server != nullptr);
  KASBAH_CHECK(write(port_pipe, &port, sizeof(port)) == sizeof(port));
  server->Wait();
  _exit(0);
}

std::unique_ptr<EchoServer> EchoServer::Start(const std::string& certificate_directory) {
  int pipes[2];
  KASBAH_CHECK(pipe(pipes) == 0);
  auto server = std::unique_ptr<EchoServer>(new EchoServer());
  server->pid_ = fork();
  if (server->pid_ == 0) {
    // A fresh program: gRPC does not survive a fork.
    const std::string fd = StrCat(pipes[1]);
    execl("/proc/self/exe", "kasbah_bench", "--echo", certificate_directory.c_str(), fd.c_str(),
          nullptr);
    _exit(127);
  }
  close(pipes[1]);
  int port = 0;
  KASBAH_CHECK(read(pipes[0], &port, sizeof(port)) == sizeof(port));
  close(pipes[0]);
  server->address_ = StrCat("127.0.0.1:", port);
  return server;
}

EchoServer::~EchoServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace kasbah::bench
