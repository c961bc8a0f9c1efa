#pragma once

#include "libs/config/config.h"
#include "libs/service/service.h"

namespace kasbah::@package@ {

// The settings of kasbah-@service@: what every service has.
struct @Schema@Config {
  service::ServiceConfig service;

  void Read(config::Section& root);
};

}  // namespace kasbah::@package@
