#pragma once

// Included by pipeline.h, whose last part it is: the handlers of unary methods.

#include <optional>
#include <utility>

namespace kasbah::rpc {

template <typename Service, typename Request, typename Reply>
class Pipeline::WorkOf : public Work {
 public:
  using Handler = absl::StatusOr<Reply> (Service::*)(const Call&, const Request&);
  WorkOf(Service* service, Handler handler, const Request& request, Reply* reply)
      : service_(service), request_(request), reply_(reply), handler_(handler) {}

  absl::Status Handle(const Call& call) final {
    return Fill(reply_, (service_->*handler_)(call, request_));
  }

 protected:
  Service* const service_;
  const Request& request_;
  Reply* const reply_;

 private:
  const Handler handler_;
};

template <typename Service, typename Request, typename Reply>
class Pipeline::AttemptedWork final : public WorkOf<Service, Request, Reply> {
 public:
  using Base = WorkOf<Service, Request, Reply>;
  using Attempted = std::optional<absl::StatusOr<Reply>> (Service::*)(const Call&, const Request&);
  AttemptedWork(Service* service, Attempted attempt, typename Base::Handler handler,
                const Request& request, Reply* reply)
      : Base(service, handler, request, reply), attempt_(attempt) {}

  std::optional<absl::Status> Attempt(const Call& call) override {
    // By names of their own: GCC 12's undefined-behaviour sanitizer takes another `this` for
    // members of a base in a call by pointer to member.
    Service& service = *this->service_;
    const Request& request = this->request_;
    std::optional<absl::StatusOr<Reply>> result = (service.*attempt_)(call, request);
    if (!result.has_value()) return std::nullopt;
    return Fill(this->reply_, *std::move(result));
  }

 private:
  const Attempted attempt_;
};

template <typename Service, typename Request, typename Reply>
class Pipeline::SharedWork final : public WorkOf<Service, Request, Reply> {
 public:
  using Base = WorkOf<Service, Request, Reply>;
  using Starter = void (Service::*)(const Call&, const Request&, Answer<Reply>);
  SharedWork(Service* service, Starter start, typename Base::Handler handler,
             const Request& request, Reply* reply)
      : Base(service, handler, request, reply), start_(start) {}

  bool Begin(const Call& call, Continue& next) override {
    // It may be answered, and this be gone, before the starter returns.
    auto finish = [reply = this->reply_, next = std::move(next)](
                      std::optional<absl::StatusOr<Reply>> result,
                      typename Answer<Reply>::Work work) mutable {
      if (result.has_value()) return next(Fill(reply, *std::move(result)), nullptr);
      if (work == nullptr) return next(std::nullopt, nullptr);
      next(std::nullopt, [reply, work = std::move(work)](const Call& later) mutable {
        return Fill(reply, work(later));
      });
    };
    Service& service = *this->service_;
    const Request& request = this->request_;
    (service.*start_)(call, request, Answer<Reply>(std::move(finish)));
    return true;
  }

 private:
  const Starter start_;
};

}  // namespace kasbah::rpc
