#include "cli/commands/secret_settings.h"

namespace kasbah::cli {

void SecretSettings::AddTo(CLI::App* leaf) {
  leaf->add_option("--label", labels, "name=value; may be repeated");
  leaf->add_option("--expires", expires, "When it is deleted by itself: 2027-01-31T00:00:00Z");
  leaf->add_option("--rotation", rotation, "How often subscribers are told to add a version: 720h");
  leaf->add_option("--topic", topic, "Named in that event");
  leaf->add_option("--destroy-delay", destroy_delay,
                   "How long a destroyed version can be had back: 24h, or 0s for not at all");
}

}  // namespace kasbah::cli
