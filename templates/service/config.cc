#include "services/@schema@/@schema@_config.h"

namespace kasbah::@package@ {

void @Schema@Config::Read(config::Section& root) { service.Read(root); }

}  // namespace kasbah::@package@
