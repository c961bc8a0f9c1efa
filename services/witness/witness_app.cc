#include "services/witness/witness_app.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_arena.h"
#include "libs/crypto/secret_file.h"
#include "libs/http/server.h"
#include "libs/rpc/admin_port.h"
#include "libs/rpc/server_process.h"
#include "libs/telemetry/log.h"
#include "services/witness/domain/witness.h"
#include "services/witness/domain/witness_key.h"
#include "services/witness/http/witness_handler.h"
#include "services/witness/store/head_files.h"

namespace kasbah::witness {

absl::Status RunWitness(const WitnessConfig& config) {
  RETURN_IF_ERROR(crypto::HardenProcess());
  ASSIGN_OR_RETURN(const crypto::SecretBytes text, crypto::ReadSecretFile(config.key_file));
  ASSIGN_OR_RETURN(WitnessKey key, WitnessKey::Parse(text));
  const std::string verifier_key = key.VerifierKey();
  ASSIGN_OR_RETURN(const std::unique_ptr<HeadFiles> heads, HeadFiles::Open(config.state_directory));
  Witness witness(key.name, std::move(key.key), config.logs, *heads, Clock::Real());
  ASSIGN_OR_RETURN(const std::unique_ptr<http::Server> server,
                   http::Server::Start(config.listen, WitnessHandler(witness)));
  // What cannot be remembered is not cosigned.
  const auto readiness = [&config] {
    const bool writable = access(config.state_directory.c_str(), W_OK) == 0;
    return writable ? "" : "the state directory cannot be written to";
  };
  ASSIGN_OR_RETURN(const auto admin,
                   rpc::AdminPort::Start(config.admin_listen, readiness, nullptr, "admin_listen"));
  telemetry::LogInfo("serving", {{"port", server->port()},
                                 {"admin_port", admin->port()},
                                 {"verifier_key", verifier_key},
                                 {"logs", static_cast<uint64_t>(config.logs.size())}});
  rpc::WaitForStopSignal();
  return absl::OkStatus();
}

int MakeWitness(const char* name, const char* key_file, const char* state_directory) {
  const auto fail = [](const absl::Status& status) {
    std::fprintf(stderr, "kasbah-witness: %s\n", std::string(status.message()).c_str());
    return 1;
  };
  const absl::StatusOr<WitnessKey> key = WitnessKey::Generate(name);
  if (!key.ok()) return fail(key.status());
  if (const auto made = crypto::MakeSecretFile(key_file, key->Serialize()); !made.ok()) {
    return fail(made);
  }
  if (const auto made = HeadFiles::Make(state_directory); !made.ok()) {
    std::remove(key_file);
    return fail(made);
  }
  std::printf("%s\n", key->VerifierKey().c_str());
  return 0;
}

}  // namespace kasbah::witness
