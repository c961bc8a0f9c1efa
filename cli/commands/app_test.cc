#include "cli/commands/app.h"

#include <gtest/gtest.h>

#include "cli/console/completion.h"

namespace kasbah::cli {
namespace {

using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

// Parses without running what was asked for.
bool Understands(std::vector<std::string> words, Invocation* invocation) {
  const auto app = BuildApp(*invocation);
  std::reverse(words.begin(), words.end());
  try {
    app->parse(words);
  } catch (const CLI::ParseError&) {
    return false;
  }
  return static_cast<bool>(invocation->action);
}

TEST(CommandLine, EveryCommandOfTheManualIsUnderstood) {
  const std::vector<std::vector<std::string>> lines = {
      {"dev", "up"},
      {"dev", "up", "--detach", "--directory", "a b"},
      {"dev", "down"},
      {"dev", "status"},
      {"dev", "tour"},
      {"migrate", "--dsn", "host=x", "--check"},
      {"tenants", "create", "acme", "--name", "Acme"},
      {"tenants", "list"},
      {"tenants", "get", "ten_1"},
      {"tenants", "suspend", "ten_1", "--reason", "r"},
      {"tenants", "resume", "ten_1"},
      {"tenants", "update", "ten_1", "--name", "Acme AG", "--etag", "v1"},
      {"tenants", "close", "ten_1", "--reason", "r"},
      {"rights", "export", "--wait"},
      {"rights", "export", "--subject", "ada@example.com"},
      {"rights", "erase", "--subject", "cus_1", "--wait"},
      {"rights", "erase-tenant", "--confirm", "acme"},
      {"rights", "list"},
      {"rights", "get", "op_1"},
      {"rights", "cancel", "op_1"},
      {"rights", "download", "op_1", "--out", "acme.tar"},
      {"customers", "create", "crm-1"},
      {"customers", "get", "cus_1"},
      {"customers", "list", "--limit", "5"},
      {"customers", "update", "cus_1", "--name", "", "--external-id", "crm-2"},
      {"domains", "create", "shop.example.com"},
      {"domains", "verify", "dom_1"},
      {"domains", "get", "dom_1"},
      {"domains", "list"},
      {"domains", "delete", "dom_1"},
      {"domains", "resolve", "shop.example.com"},
      {"members", "create", "a@b.c", "--role", "owner"},
      {"members", "list"},
      {"api-keys", "create", "importer", "--role", "member"},
      {"api-keys", "list"},
      {"api-keys", "revoke", "key_1"},
      {"api-keys", "rotate", "key_1", "--overlap-seconds", "60"},
      {"workloads", "create", "importer", "--kubernetes", "prod/importer@https://cluster"},
      {"workloads", "list"},
      {"workloads", "get", "importer"},
      {"workloads", "update", "wkl_1", "--no-kubernetes", "--etag", "r1"},
      {"workloads", "delete", "importer"},
      {"keys", "list"},
      {"keys", "rotate", "secrets"},
      {"keys", "system", "list"},
      {"keys", "system", "rotate", "service/auth/assertion-certificates"},
      {"keys", "system", "schedule", "service/audit/checkpoint-key", "--every", "2160h"},
      {"keys", "system", "schedule", "service/audit/checkpoint-key", "--by-hand"},
      {"keys", "update", "secrets", "--rotation", "2160h", "--opens-from", "2"},
      {"keys", "create", "service/x/y", "--purpose", "sign_p256"},
      {"keys", "destroy", "secrets", "--version", "1", "--force"},
      {"rewraps", "start", "secrets", "--wait"},
      {"rewraps", "pause", "rwr_1"},
      {"databases", "set", "orders", "--host", "db", "--dbname", "app", "--admin", "kasbah_admin",
       "--secret", "db/admin", "--ca", "ca.pem"},
      {"databases", "check", "orders"},
      {"databases", "set-role", "reporting/read-only", "--database", "orders", "--group", "readers",
       "--ttl", "1h", "--max-ttl", "24h"},
      {"leases", "issue", "reporting/read-only", "--ttl", "30m"},
      {"leases", "revoke-all", "--role", "reporting"},
      {"seals", "check"},
      {"seals", "forget", "file"},
      {"run", "--secret", "A=prod/x", "--secret", "B=prod/y@2", "--", "env", "-i", "--secret"},
      {"secrets", "render", "t.conf", "--out", "f"},
      {"secrets", "create", "prod/x", "--label", "a=b", "--from-file", "f"},
      {"secrets", "add", "prod/x"},
      {"secrets", "access", "prod/x", "--version", "2"},
      {"secrets", "get", "prod/x"},
      {"secrets", "list", "--below", "prod"},
      {"secrets", "destroy", "prod/x", "--version", "1"},
      {"collections", "create", "-f", "c.json"},
      {"collections", "get", "countries"},
      {"collections", "list"},
      {"records", "import", "f.json", "--collection", "c", "--array-path", "3166-1", "--map",
       "a=b"},
      {"records", "create", "--collection", "c", "--values", "{}"},
      {"records", "get", "rec_1"},
      {"records", "list", "--collection", "c", "--equals", "{}"},
      {"records", "update", "rec_1", "--values", "{}", "--etag", "e"},
      {"records", "update", "rec_1", "--values", "{}", "--subject-id", "person-7"},
      {"records", "load", "f.csv", "--collection", "c", "--subject-member", "person"},
      {"records", "delete", "rec_1"},
      {"records", "history", "rec_1"},
      {"files", "upload", "a.pdf", "--record", "rec_1", "--content-type", "application/pdf"},
      {"files", "download", "fil_1", "--out", "a.pdf"},
      {"files", "get", "fil_1"},
      {"files", "list", "--record", "rec_1"},
      {"files", "delete", "fil_1"},
      {"webhooks", "create", "https://x", "--event-type", "record.*"},
      {"webhooks", "send", "deploy.finished", "-f", "d.json", "--move-to-vault", "ci"},
      {"webhooks", "list"},
      {"webhooks", "delete", "ep_1"},
      {"webhooks", "deliveries", "--limit", "5"},
      {"webhooks", "attempts", "--message", "msg_1"},
      {"audit", "list", "--action", "secret.", "--action", "record.update", "--oldest-first"},
      {"audit", "list", "--source", "192.0.2.1", "--request", "r-1", "--since", "2h"},
      {"audit", "tail", "--from", "0", "--count", "5", "--actor", "key_1"},
      {"audit", "count", "--first-day", "2026-11-01"},
      {"audit", "append", "events.jsonl"},
      {"audit", "export", "--out", "f"},
      {"audit", "verify", "f", "--key", "k"},
      {"audit", "checkpoint"},
      {"audit", "verify", "1.jsonl", "2.jsonl", "--key", "k", "--checkpoint", "c"},
      {"audit", "verify", "f", "--key", "k", "--witnessed", "w", "--system-key", "s", "--witness",
       "w1", "--witness", "w2", "--quorum", "1"},
      {"audit", "verify-live", "--key", "k", "--state", "head"},
      {"audit", "proof", "5"},
      {"audit", "tile", "tile/0/000"},
      {"audit", "witnessed"},
      {"audit", "self-check"},
      {"audit", "damage"},
      {"audit", "witnesses"},
      {"audit", "export", "--format", "csv"},
      {"audit", "sinks", "create", "siem", "--http", "https://siem.example.com", "--shape",
       "splunk_hec", "--secret-file", "-", "--from-beginning"},
      {"audit", "sinks", "create", "logs", "--syslog", "logs.example.com:6514", "--ca", "ca.pem"},
      {"audit", "sinks", "update", "snk_1", "--name", "trail", "--s3", "trail", "--lock-days",
       "365"},
      {"audit", "sinks", "list"},
      {"audit", "sinks", "get", "snk_1"},
      {"audit", "sinks", "test", "snk_1"},
      {"audit", "sinks", "pause", "snk_1"},
      {"audit", "sinks", "resume", "snk_1"},
      {"audit", "sinks", "refused", "snk_1", "--limit", "5"},
      {"audit", "sinks", "delete", "snk_1"},
      {"audit", "retention", "show"},
      {"audit", "retention", "set", "400"},
      {"audit", "archives", "list"},
      {"audit", "archives", "download", "2025-03-0", "--directory", "d"},
      {"audit", "archives", "verify", "d/2025-03-0", "--key", "k"},
      {"audit", "holds", "create", "--actor", "usr_1", "--since", "24h", "--reason", "r"},
      {"audit", "holds", "release", "hld_1"},
      {"audit", "holds", "list"},
      {"audit", "redact", "--event", "7", "--event", "9", "--field", "user_agent", "--reason", "r"},
      {"audit", "redact", "--subject", "usr_1", "--until", "2h", "--reason", "r"},
      {"incidents", "open", "t", "--since", "48h", "--address", "192.0.2.1"},
      {"incidents", "get", "inc_1"},
      {"incidents", "list"},
      {"incidents", "tenants", "inc_1"},
      {"incidents", "notify", "inc_1", "--message", "m"},
      {"incidents", "note", "inc_1", "n", "--authority-notified"},
      {"incidents", "close", "inc_1", "--reason", "r"},
      {"status"},
      {"contexts", "list"},
      {"contexts", "use", "dev"},
      {"contexts", "show"},
      {"completion", "bash"},
  };
  for (const auto& line : lines) {
    Invocation invocation;
    EXPECT_TRUE(Understands(line, &invocation)) << testing::PrintToString(line);
  }
}

TEST(CommandLine, GlobalOptionsStandAnywhere) {
  for (const auto& line : std::vector<std::vector<std::string>>{
           {"-o", "json", "--tenant", "ten_1", "secrets", "list"},
           {"secrets", "list", "-o", "json", "--tenant", "ten_1"}}) {
    Invocation invocation;
    ASSERT_TRUE(Understands(line, &invocation));
    EXPECT_TRUE(invocation.json());
    EXPECT_EQ(invocation.global.tenant, "ten_1");
  }
}

TEST(CommandLine, MistakesEndWithOne) {
  for (const auto& line :
       std::vector<std::vector<std::string>>{{},
                                             {"tenants"},
                                             {"tenants", "destroy"},
                                             {"tenants", "create"},
                                             {"secrets", "list", "--limit", "-3"},
                                             {"-o", "yaml", "tenants", "list"},
                                             // A value is never an argument.
                                             {"secrets", "create", "prod/x", "hunter2"}}) {
    CaptureStderr();
    CaptureStdout();
    EXPECT_EQ(RunCommandLine(line, "/nowhere"), 1) << testing::PrintToString(line);
    EXPECT_NE(GetCapturedStderr() + GetCapturedStdout(), "");
  }
}

TEST(CommandLine, HelpTeachesWithExamples) {
  for (const char* noun : {"dev", "tenants", "secrets", "records", "webhooks", "audit"}) {
    CaptureStdout();
    EXPECT_EQ(RunCommandLine({noun, "--help"}, "/nowhere"), 0);
    const std::string help = GetCapturedStdout();
    EXPECT_NE(help.find("\nExamples:\n"), std::string::npos) << noun;
    EXPECT_NE(help.find(std::string("kasbah ") + noun), std::string::npos) << noun;
  }
}

TEST(Completion, FollowsCommandsOptionsAndValues) {
  Invocation invocation;
  const auto app = BuildApp(invocation);
  const std::vector<std::string> contexts = {"demo", "dev"};
  using Words = std::vector<std::string>;
  EXPECT_EQ(Candidates(*app, {"rec"}, contexts), Words({"records"}));
  EXPECT_EQ(Candidates(*app, {"keys", "r"}, contexts), Words({"references", "restore", "rotate"}));
  EXPECT_EQ(Candidates(*app, {"-o", ""}, contexts), Words({"json", "table"}));
  EXPECT_EQ(Candidates(*app, {"--context", "de"}, contexts), contexts);
  EXPECT_EQ(Candidates(*app, {"--context", "dev", "contexts", "u"}, contexts), Words({"use"}));
  EXPECT_EQ(Candidates(*app, {"dev", "up", "--de"}, contexts), Words({"--detach"}));
  EXPECT_EQ(Candidates(*app, {"api-keys", "create", "x", "--role", "o"}, contexts),
            Words({"owner"}));
  EXPECT_EQ(Candidates(*app, {"records", "import", ""}, contexts), Words());
}

TEST(Completion, EachShellHasItsScript) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(CompletionScript(shell).find("kasbah __complete"), std::string::npos) << shell;
  }
}

}  // namespace
}  // namespace kasbah::cli
