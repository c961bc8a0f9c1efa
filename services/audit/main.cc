#include "libs/config/config.h"
#include "services/audit/audit_app.h"

int main(int argc, char** argv) {
  kasbah::audit::AuditConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-audit",
      "What happened, for each tenant in a log that cannot be changed unnoticed.",
      [&config](kasbah::config::Section& root) { config.Read(root); },
      [&config] { return kasbah::audit::RunAudit(config); });
}
