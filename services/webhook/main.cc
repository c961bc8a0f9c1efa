#include "libs/config/config.h"
#include "services/webhook/webhook_app.h"

int main(int argc, char** argv) {
  kasbah::webhook::WebhookConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-webhook", "Signed deliveries of tenants' changes to their own addresses.",
      [&](kasbah::config::Section& root) { config.Read(root); },
      [&] { return kasbah::webhook::RunWebhook(config); });
}
