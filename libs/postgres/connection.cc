#include "libs/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/poll.h"
#include "libs/postgres/role_check.h"
#include "libs/postgres/sql_error.h"
#include <pqxx/pqxx>

namespace kasbah::postgres::internal {
namespace {

// Opens the connection within a deadline and keeps its handle for us.
class DeadlinePolicy : public pqxx::connectionpolicy {
 public:
  DeadlinePolicy(std::vector<std::pair<std::string, std::string>> parameters, absl::Time deadline)
      : connectionpolicy(std::string()), parameters_(std::move(parameters)), deadline_(deadline) {}

  handle do_startconnect(handle existing) override {
    if (existing != nullptr) return existing;
    // Once: a connection that broke is replaced by the pool, never reopened under a caller.
    if (started_) throw pqxx::broken_connection("the connection was lost");
    started_ = true;
    handle_ = Start();
    try {
      Finish(handle_);
    } catch (...) {
      PQfinish(std::exchange(handle_, nullptr));
      throw;
    }
    return handle_;
  }

  PGconn* connection() const { return handle_; }

 private:
  PGconn* Start() const {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters_) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* started = PQconnectStartParams(keywords.data(), values.data(), 0);
    if (started == nullptr) throw std::bad_alloc();
    return started;
  }

  void Finish(PGconn* started) const {
    if (const auto failure = FinishConnecting(started, deadline_)) {
      throw pqxx::broken_connection(failure->message);
    }
  }

  std::vector<std::pair<std::string, std::string>> parameters_;
  absl::Time deadline_;
  bool started_ = false;
  PGconn* handle_ = nullptr;
};

class PipelineLink : public pqxx::connection_base {
 public:
  explicit PipelineLink(std::unique_ptr<DeadlinePolicy> policy)
      : connection_base(*policy), policy_(std::move(policy)) {
    init();
  }
  ~PipelineLink() noexcept { close(); }

  PGconn* connection() const { return policy_->connection(); }

 private:
  std::unique_ptr<DeadlinePolicy> policy_;
};

// Notices may quote rows; nothing in this process wants them.
void IgnoreNotice(void*, const PGresult*) {}

}  // namespace

struct Connection::Link {
  explicit Link(std::unique_ptr<DeadlinePolicy> policy) : pqxx(std::move(policy)) {}
  PipelineLink pqxx;
};

Connection::Connection(std::unique_ptr<Link> link) : link_(std::move(link)) {}

Connection::~Connection() = default;

PGconn* Connection::handle() const { return link_->pqxx.connection(); }

absl::StatusOr<std::unique_ptr<Connection>> Connection::Connect(const ConnectSettings& settings,
                                                                absl::Time deadline,
                                                                std::string* why) {
  auto parameters = settings.Parameters();
  if (!parameters.ok()) {
    *why = std::string(FromAbsl(parameters.status().message()));
    return parameters.status();
  }
  try {
    auto link = std::make_unique<Link>(std::make_unique<DeadlinePolicy>(
        *std::move(parameters), std::min(deadline, absl::Now() + settings.connect_timeout())));
    PQsetNoticeReceiver(link->pqxx.connection(), IgnoreNotice, nullptr);
    return std::unique_ptr<Connection>(new Connection(std::move(link)));
  } catch (const std::exception& e) {
    *why = e.what();
    while (!why->empty() && why->back() == '\n') why->pop_back();
    return DatabaseUnavailable();
  }
}

absl::StatusOr<std::vector<std::string>> Connection::Faults() {
  try {
    return FaultsOf(link_->pqxx, PQserverVersion(handle()));
  } catch (const pqxx::broken_connection&) {
    return DatabaseUnavailable();
  } catch (const std::exception&) {
    return absl::InternalError("the role's rights could not be read");
  }
}

absl::Status Connection::StartPipeline() {
  if (PQsetnonblocking(handle(), 1) != 0 || PQenterPipelineMode(handle()) != 1) {
    return absl::InternalError("libpq did not enter pipeline mode");
  }
  return absl::OkStatus();
}

bool Connection::Wait(bool for_write, absl::Time deadline) const {
  return Poll(PQsocket(handle()), static_cast<short>(for_write ? POLLIN | POLLOUT : POLLIN),
              deadline);
}

bool Connection::HasUnreadInput() const {
  pollfd entry{PQsocket(handle()), POLLIN, 0};
  return poll(&entry, 1, 0) != 0;
}

bool Connection::IsIdle() const {
  return !broken_ && !busy_ && PQstatus(handle()) == CONNECTION_OK &&
         PQpipelineStatus(handle()) == PQ_PIPELINE_ON &&
         PQtransactionStatus(handle()) == PQTRANS_IDLE;
}

const Connection::Prepared* Connection::FindPrepared(std::string_view name) const {
  const auto found = prepared_.find(ToAbsl(name));
  return found == prepared_.end() ? nullptr : &found->second;
}

void Connection::AddPrepared(std::string_view name, Prepared prepared) {
  prepared_.insert_or_assign(std::string(name), std::move(prepared));
}

void Connection::DropPrepared(std::string_view name) { prepared_.erase(ToAbsl(name)); }

const std::string& Connection::NameOfShape(const std::string& sql) {
  std::string& name = shapes_[sql];
  if (name.empty()) {
    name = StrCat("composed.", shapes_.size());
    shape_bytes_ += sql.size();
  }
  return name;
}

void Connection::ForgetPrepared() {
  prepared_.clear();
  shapes_.clear();
  shape_bytes_ = 0;
  deallocate_ = true;
}

bool Connection::TakeDeallocate() {
  if (shape_bytes_ > kMostShapeBytes) ForgetPrepared();
  return std::exchange(deallocate_, false);
}

}  // namespace kasbah::postgres::internal
