// kasbah-csi-provider: secrets into pods. Start reading in csi_provider_app.cc.

#include "libs/base/status_macros.h"
#include "libs/config/config.h"
#include "libs/crypto/secret_arena.h"
#include "services/csi_provider/csi_provider_app.h"
#include "services/csi_provider/csi_provider_config.h"

int main(int argc, char** argv) {
  kasbah::csi_provider::CsiProviderConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-csi-provider",
      "Mounts tenants' secrets into their pods, for the Kubernetes Secrets Store CSI driver.",
      [&](kasbah::config::Section& root) { config.Read(root); },
      [&]() -> absl::Status {
        RETURN_IF_ERROR(kasbah::crypto::HardenProcess());
        return kasbah::csi_provider::Run(config);
      });
}
