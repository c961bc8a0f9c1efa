#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/composed_query.h"
#include "libs/postgres/result.h"
#include "libs/postgres/statement.h"

namespace kasbah::postgres {

class Transaction;

namespace internal {
template <typename T>
struct Unwrap {
  using type = T;
};
template <typename T>
struct Unwrap<absl::StatusOr<T>> {
  using type = T;
};
}  // namespace internal

// What a queued statement will have returned once the transaction is committed. A body returns one,
// and the runner gives its value to the caller; or it awaits one, to decide by what it reads.
template <typename T>
class Pending {
 public:
  using value_type = T;

  Pending(Transaction* tx, std::function<absl::StatusOr<T>()> take)
      : tx_(tx), take_(std::move(take)) {}

  // Sends what is queued and waits for this statement: a round trip of its own, for transactions
  // that must read before they write.
  absl::StatusOr<T> Await();

  // The same statement seen as something else. `map` takes a T and returns a U or an
  // absl::StatusOr<U>; it runs after the commit, or in Await.
  template <typename F>
  auto Map(F map) && {
    using U = typename internal::Unwrap<std::invoke_result_t<F, T>>::type;
    return Pending<U>(tx_, [take = std::move(take_), map = std::move(map)]() -> absl::StatusOr<U> {
      absl::StatusOr<T> value = take();
      if (!value.ok()) return value.status();
      return map(*std::move(value));
    });
  }

  // For the runner: the value, when every result is in.
  absl::StatusOr<T> Take() const { return take_(); }

 private:
  Transaction* tx_;
  std::function<absl::StatusOr<T>()> take_;
};

// One implicit transaction of the extended protocol: queued statements travel together with the
// scope before them and the Sync after them, in one round trip; everything commits or nothing does.
// The body may run again after a serialisation failure or a deadlock, so it touches nothing outside
// the transaction. Not thread safe.
class Transaction {
 public:
  virtual ~Transaction() = default;
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Queues a statement.
  template <typename... Args>
  Pending<Result> Run(const Statement& statement, const Args&... args) {
    std::vector<Param> params;
    params.reserve(sizeof...(args));
    (params.push_back(Encode(args)), ...);
    const size_t index = Queue(statement, std::move(params));
    return Pending<Result>(this, [this, index] { return ResultAt(index); });
  }

  Pending<Result> Run(ComposedQuery query) {
    const size_t index = Queue(std::move(query));
    return Pending<Result>(this, [this, index] { return ResultAt(index); });
  }

  // Like Run, for a statement that returns exactly one row; none is NOT_FOUND of `what`. `map`
  // takes a Row.
  template <typename F, typename... Args>
  auto RunForOne(const Statement& statement, std::string_view what, F map, const Args&... args) {
    using U = typename internal::Unwrap<std::invoke_result_t<F, Row>>::type;
    return Run(statement, args...)
        .Map([map = std::move(map), what = std::string(what)](Result r) -> absl::StatusOr<U> {
          absl::Status one = ExpectOne(r, what);
          if (!one.ok()) return one;
          return map(r[0]);
        });
  }

  // A value that needs several results: `take` runs after the commit, when every Pending of this
  // transaction may be taken.
  template <typename F>
  auto AfterCommit(F take) {
    using U = typename internal::Unwrap<std::invoke_result_t<F>>::type;
    return Pending<U>(this, [take = std::move(take)]() -> absl::StatusOr<U> { return take(); });
  }

  // Sends what is queued without waiting for it, so that the server works on it while the body goes
  // on: for those that have much to send, in parts. A hint, no more.
  virtual void Start() {}

  // Called where an audit event is appended; libs/outbox does.
  void MarkAudited() { audited_ = true; }

  // Runs `hook` once this transaction is committed, and not when it is rolled back or its outcome
  // is unknown.
  void OnCommit(std::function<void()> hook) { commit_hooks_.push_back(std::move(hook)); }

 protected:
  virtual size_t Queue(const Statement& statement, std::vector<Param> params) = 0;
  virtual size_t Queue(ComposedQuery query) = 0;
  // Every result so far, fetched when it is not yet in.
  virtual absl::Status Flush() = 0;
  virtual absl::StatusOr<Result> ResultAt(size_t index) = 0;
  bool audited() const { return audited_; }
  void RunCommitHooks() {
    for (const auto& hook : commit_hooks_) hook();
  }

 private:
  template <typename T>
  friend class Pending;
  static absl::Status ExpectOne(const Result& result, std::string_view what);

  bool audited_ = false;
  std::vector<std::function<void()>> commit_hooks_;
};

template <typename T>
absl::StatusOr<T> Pending<T>::Await() {
  absl::Status flushed = tx_->Flush();
  if (!flushed.ok()) return flushed;
  return take_();
}

}  // namespace kasbah::postgres
