#include "services/audit/log/witnesses.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/add_checkpoint.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);
constexpr absl::Duration kWitnessTimeout = absl::Seconds(10);
constexpr size_t kLongestAnswer = 64 * 1024;
// A second time after a 409 said where the witness is.
constexpr int kTries = 2;

absl::Status Failure(std::string_view reason, std::string_view what) {
  return Error(absl::StatusCode::kUnavailable, reason, what);
}

// The size in a 409's body.
std::optional<uint64_t> SizeIn(std::string_view body) {
  uint64_t size = 0;
  if (!body.ends_with('\n') || body.size() < 2 || body.size() > 20) return std::nullopt;
  for (const char digit : body.substr(0, body.size() - 1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    size = size * 10 + static_cast<uint64_t>(digit - '0');
  }
  return size;
}

void Alarm(std::string_view witness, uint64_t ours, uint64_t theirs) {
  telemetry::GetCounter("kasbah_audit_damaged_total",
                        "Times a log was not what had been written: look at once")
      .Add();
  telemetry::LogError("a witness saw another history of the system log",
                      {{"witness", witness}, {"our_size", ours}, {"witness_size", theirs}});
}

}  // namespace

struct Witnesses::Asked {
  const WitnessAddress* address = nullptr;
  // Where it is, as far as we know.
  uint64_t size = 0;
  absl::StatusOr<http::ClientResponse> answer = absl::UnknownError("not asked");
};

Witnesses::Witnesses(std::vector<WitnessAddress> addresses, http::Client& client, SystemLog& log,
                     postgres::Door& door, const Clock& clock)
    : addresses_(std::move(addresses)), client_(client), log_(log), door_(door), clock_(clock) {}

absl::Status Witnesses::Cosign() {
  if (addresses_.empty()) return absl::OkStatus();
  const absl::Time deadline = absl::Now() + kDatabaseTimeout;
  ASSIGN_OR_RETURN(const std::optional<SystemCheckpoint> head, log_.Newest(deadline));
  if (!head) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<WitnessState> states,
                   door_.Run(deadline, [](postgres::Transaction& tx) {
                     return system_log_store::ListWitnesses(tx);
                   }));
  std::map<std::string, uint64_t> sizes;
  for (const WitnessState& state : states) sizes[state.name] = state.size;

  std::vector<Asked> asked;
  for (const WitnessAddress& address : addresses_) {
    const auto& done = head->witnesses;
    if (std::find(done.begin(), done.end(), address.key.name()) != done.end()) continue;
    // One that we know to be ahead is asked where it is: what it says then is the alarm.
    const uint64_t known = sizes[address.key.name()];
    asked.push_back({&address, known > head->size ? 0 : known});
  }
  absl::Status result;
  for (int attempt = 0; attempt < kTries && !asked.empty(); ++attempt) {
    RETURN_IF_ERROR(Ask(*head, &asked));
    std::vector<Asked> again;
    for (Asked& one : asked) {
      const bool conflict = one.answer.ok() && one.answer->status == 409;
      const std::optional<uint64_t> theirs = conflict ? SizeIn(one.answer->body) : std::nullopt;
      if (theirs && *theirs <= head->size && *theirs != one.size && attempt + 1 < kTries) {
        again.push_back({one.address, *theirs});
        continue;
      }
      result.Update(Take(*head, one));
    }
    asked = std::move(again);
  }
  // What is older than the newest that enough cosigned is for those who keep it.
  ASSIGN_OR_RETURN(const auto witnessed, door_.Run(deadline, [&](postgres::Transaction& tx) {
    std::vector<std::string> names;
    for (const WitnessAddress& address : addresses_) names.push_back(address.key.name());
    return system_log_store::FindCheckpoint(tx, names, log_.quorum());
  }));
  if (witnessed) {
    RETURN_IF_ERROR(door_.Run(deadline, [&](postgres::Transaction& tx) {
      system_log_store::ForgetBefore(tx, witnessed->size);
      return absl::OkStatus();
    }));
  }
  return result;
}

absl::Status Witnesses::Ask(const SystemCheckpoint& head, std::vector<Asked>* asked) {
  using Answer = absl::StatusOr<http::ClientResponse>;
  std::vector<std::future<Answer>> answers;
  for (const Asked& one : *asked) {
    auto promise = std::make_shared<std::promise<Answer>>();
    answers.push_back(promise->get_future());
    merkle::AddCheckpoint request{one.size, {}, head.note};
    if (one.size > 0 && one.size < head.size) {
      auto proof = log_.ConsistencyProof(one.size, head.size, absl::Now() + kDatabaseTimeout);
      if (!proof.ok()) {
        promise->set_value(proof.status());
        continue;
      }
      request.proof = *std::move(proof);
    }
    client_.Send({.method = "POST",
                  .url = StrCat(one.address->url, "/add-checkpoint"),
                  .headers = {{"content-type", "text/plain; charset=utf-8"}},
                  .body = request.Serialize(),
                  .timeout = kWitnessTimeout,
                  .max_response_bytes = kLongestAnswer},
                 [promise](Answer answer) { promise->set_value(std::move(answer)); });
  }
  for (size_t i = 0; i < asked->size(); ++i) (*asked)[i].answer = answers[i].get();
  return absl::OkStatus();
}

// Keeps a cosignature, or why there is none.
absl::Status Witnesses::Take(const SystemCheckpoint& head, const Asked& asked) {
  const std::string& name = asked.address->key.name();
  if (!asked.answer.ok()) {
    const std::string reason = ReasonOf(asked.answer.status());
    RETURN_IF_ERROR(Save(name, std::nullopt, reason.empty() ? "FAILED" : reason));
    return Failure("WITNESS_UNREACHABLE", StrCat("witness ", name, " cannot be reached"));
  }
  const http::ClientResponse& answer = *asked.answer;
  if (answer.status == 409) {
    const std::optional<uint64_t> theirs = SizeIn(answer.body);
    // Ahead of us, or at our size with another root.
    if (theirs && *theirs >= head.size) {
      Alarm(name, head.size, *theirs);
      RETURN_IF_ERROR(Save(name, *theirs, "OTHER_HISTORY"));
    } else {
      RETURN_IF_ERROR(Save(name, theirs, "CONFLICT"));
    }
    return Failure("WITNESS_CONFLICT", StrCat("witness ", name, " knows another head"));
  }
  if (answer.status != 200) {
    if (answer.status == 422) Alarm(name, head.size, asked.size);
    RETURN_IF_ERROR(Save(name, std::nullopt, StrCat("STATUS_", answer.status)));
    return Failure("WITNESS_REFUSED", StrCat("witness ", name, " answered ", answer.status));
  }
  ASSIGN_OR_RETURN(const merkle::ParsedNote note, merkle::ParseNote(head.note));
  const auto lines = merkle::ParseSignatureLines(answer.body);
  if (lines.ok()) {
    for (const merkle::NoteSignature& line : *lines) {
      if (!line.Verify(note.text, asked.address->key)) continue;
      return door_.Run(absl::Now() + kDatabaseTimeout, [&](postgres::Transaction& tx) {
        system_log_store::AddCosignature(tx, head.size, name, line.ToLine());
        system_log_store::SaveWitness(tx, name, head.size, "", clock_.Now());
        return absl::OkStatus();
      });
    }
  }
  RETURN_IF_ERROR(Save(name, std::nullopt, "BAD_COSIGNATURE"));
  return Failure("WITNESS_REFUSED", StrCat("witness ", name, " sent no cosignature of its key"));
}

absl::Status Witnesses::Save(std::string_view name, std::optional<uint64_t> size,
                             std::string_view failure) {
  return door_.Run(absl::Now() + kDatabaseTimeout, [&](postgres::Transaction& tx) {
    system_log_store::SaveWitness(tx, name, size, failure, clock_.Now());
    return absl::OkStatus();
  });
}

}  // namespace kasbah::audit
