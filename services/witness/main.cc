// kasbah-witness: sees to it that a log shows everybody one history. Start reading in
// domain/witness.h.

#include <cstring>

#include "libs/config/config.h"
#include "services/witness/witness_app.h"
#include "services/witness/witness_config.h"

int main(int argc, char** argv) {
  if (argc == 5 && std::strcmp(argv[1], "keygen") == 0) {
    return kasbah::witness::MakeWitness(argv[2], argv[3], argv[4]);
  }
  kasbah::witness::WitnessConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-witness",
      "Cosigns a log's heads, each only when it follows the last one it cosigned (C2SP\n"
      "tlog-witness). Run it on a machine that those who run the log cannot change.\n"
      "\n"
      "  kasbah-witness keygen witness.example/w1 witness.key state\n"
      "      makes a key and a state directory, prints the verifier key for the log's settings\n"
      "      (witnesses: in audit.yaml) and for whoever verifies\n"
      "\n"
      "  witness.yaml:\n"
      "    listen: 127.0.0.1:9600\n"
      "    admin_listen: 127.0.0.1:9690\n"
      "    key_file: witness.key\n"
      "    state_directory: state\n"
      "    logs:\n"
      "      # kasbah audit witnesses prints it\n"
      "      - verifier_key: kasbah.dev/audit/system+8b2c…\n"
      "\n"
      "  kasbah-witness --config witness.yaml\n"
      "      answers POST /add-checkpoint, and probes and scrapers at admin_listen\n"
      "\n"
      "Back up the key; never restore the state directory from a backup: a witness that forgot\n"
      "what it cosigned would cosign another history. Make a new witness instead.",
      [&config](kasbah::config::Section& root) { config.Read(root); },
      [&config] { return kasbah::witness::RunWitness(config); });
}
