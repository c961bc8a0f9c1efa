#pragma once

#include "libs/http/server.h"
#include "services/witness/domain/witness.h"

namespace kasbah::witness {

// The witness over HTTP: POST /add-checkpoint. `witness` outlives it.
http::Server::Handler WitnessHandler(Witness& witness);

}  // namespace kasbah::witness
