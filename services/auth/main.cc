// kasbah-auth: identity. Start reading in auth_app.cc.

#include "libs/base/status_macros.h"
#include "libs/config/config.h"
#include "libs/crypto/secret_arena.h"
#include "services/auth/auth_app.h"
#include "services/auth/auth_config.h"

int main(int argc, char** argv) {
  kasbah::auth::AuthConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-auth", "Users, credentials, and the assertions that speak for them.",
      [&](kasbah::config::Section& root) { config.Read(root); },
      [&]() -> absl::Status {
        RETURN_IF_ERROR(kasbah::crypto::HardenProcess());
        return kasbah::auth::Run(config);
      });
}
