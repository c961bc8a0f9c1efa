#include "libs/config/config.h"
#include "services/@schema@/@schema@_app.h"

int main(int argc, char** argv) {
  kasbah::@package@::@Schema@Config config;
  return kasbah::config::Main(
      argc, argv, "kasbah-@service@", "Keeps tenants' @plural@.",
      [&](kasbah::config::Section& root) { config.Read(root); },
      [&] { return kasbah::@package@::Run(config); });
}
