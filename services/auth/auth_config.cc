#include "services/auth/auth_config.h"

namespace kasbah::auth {

void AuthConfig::Read(config::Section& root) {
  service.Read(root);
  service::ReadPool(root.Child("resolver", "The door to users, revocations and signing keys"),
                    &resolver);
}

}  // namespace kasbah::auth
