#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "libs/merkle/note.h"
#include "libs/postgres/database.h"
#include "services/audit/log/system_log.h"

namespace kasbah::audit {

// Where a witness takes checkpoints: its submission prefix, "https://witness.example".
struct WitnessAddress {
  merkle::VerifierKey key;
  std::string url;
};

// Has the system log's newest head cosigned (C2SP tlog-witness). A witness that is away, slow or
// says no holds up nobody; one that saw a longer or another history is an alarm. Thread safe;
// replicas may ask side by side, since a witness decides for itself.
class Witnesses {
 public:
  Witnesses(std::vector<WitnessAddress> addresses, http::Client& client, SystemLog& log,
            postgres::Door& door, const Clock& clock);

  // Asks each witness that has not cosigned the newest head yet. OK when all did; otherwise the
  // first failure.
  absl::Status Cosign();

 private:
  struct Asked;
  // One request to each of `asked`, side by side; fills their answers.
  absl::Status Ask(const SystemCheckpoint& head, std::vector<Asked>* asked);
  absl::Status Take(const SystemCheckpoint& head, const Asked& asked);
  absl::Status Save(std::string_view name, std::optional<uint64_t> size, std::string_view failure);

  const std::vector<WitnessAddress> addresses_;
  http::Client& client_;
  SystemLog& log_;
  postgres::Door& door_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
