#pragma once

#include <map>
#include <string>
#include <vector>

namespace kasbah::security_test {

// Who makes a step's call.
enum class By {
  // The tenant's owner, with an API key.
  kKey,
  // A program that the tenant registered.
  kProgram,
  // An operator, for the tenant or for the installation itself.
  kOperator,
  kInstallation,
  // A service, for the tenant.
  kTenantData,
};

// One call of a story in which everything is done that leaves an event.
struct Step {
  // "SecretService.CreateSecret".
  std::string method;
  By by;
  // Requests in the proto's JSON, one, or a client's stream; ${name} stands for what an earlier
  // step's reply gave.
  std::vector<std::string> requests;
  // Names for members of the reply: "secret" → "secret_id", "key" → "api_key.api_key_id".
  std::map<std::string, std::string> keep = {};
  // How many events it leaves, where that is not one.
  int events = 1;
  // Of counted uses, which are told a minute at a time: the action they are told as.
  std::string counted = "";
  // Of an operator's or a service's call: the tenant, where it is not the story's.
  std::string tenant = "${tenant}";
};
const std::vector<Step>& CoverageSteps();

// Methods that leave events and cannot be called in an installation of its own, by what it takes,
// and the test that looks for the event.
const std::map<std::string, std::string>& CoveredElsewhere();

}  // namespace kasbah::security_test
