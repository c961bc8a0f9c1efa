#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/base/clock.h"
#include "libs/crypto/ed25519.h"
#include "libs/merkle/add_checkpoint.h"
#include "libs/merkle/note.h"
#include "services/witness/domain/head_store.h"

namespace kasbah::witness {

// An answer in the terms of C2SP tlog-witness: an HTTP status and what goes with it.
struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Cosigns checkpoints of the logs that it knows (C2SP tlog-witness and tlog-cosignature, Ed25519),
// each only when it follows the last one that it cosigned: so whoever finds its cosignature on a
// checkpoint knows that this log showed the witness no other history. Thread safe.
class Witness {
 public:
  // `logs`: by origin, the keys that may sign its checkpoints.
  Witness(std::string name, crypto::Ed25519Key key,
          std::map<std::string, std::vector<merkle::VerifierKey>> logs, HeadStore& heads,
          const Clock& clock);

  // A request's body and its answer. Looking at the stored head, storing the new one and answering
  // are one step for each caller: no two can both be told that theirs follows the same head.
  Answer Add(std::string_view body);

  const std::string& name() const { return name_; }

 private:
  Answer Follow(const merkle::AddCheckpoint& request, const merkle::Checkpoint& checkpoint,
                const std::string& text);

  const std::string name_;
  const crypto::Ed25519Key key_;
  const std::map<std::string, std::vector<merkle::VerifierKey>> logs_;
  HeadStore& heads_;
  const Clock& clock_;
  absl::Mutex mutex_;
};

}  // namespace kasbah::witness
