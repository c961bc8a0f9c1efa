#include "tests/bench/paths.h"

#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/bench/deliver.h"
#include "tests/bench/ingest.h"
#include "tests/bench/unary_load.h"

namespace kasbah::bench {
namespace {

template <typename Stub>
std::shared_ptr<Stub> Shared(std::unique_ptr<Stub> stub) {
  return std::shared_ptr<Stub>(std::move(stub));
}

std::function<double()> PingLoad(std::shared_ptr<grpc::Channel> channel, int seconds) {
  auto stub = Shared(status::v1::StatusService::NewStub(std::move(channel)));
  return [stub, seconds] {
    using Async = class status::v1::StatusService::Stub::async;
    return Load(static_cast<Async*>(stub->async()), &Async::Ping, status::v1::PingRequest(),
                seconds);
  };
}

// The statements that a call runs, for pgbench as the service's own role.
std::string Enter(const Installation& kasbah) {
  return StrCat("SELECT core.enter('", kasbah.tenant().uuid().ToString(), "', 'all');\n");
}
std::string Tenant(const Installation& kasbah) {
  return StrCat("'", kasbah.tenant().uuid().ToString(), "'::uuid");
}
std::string Outbox(const Installation& kasbah, const char* schema, const char* topic, int bytes) {
  return StrCat("INSERT INTO ", schema, ".outbox (tenant_id, topic, payload) VALUES (",
                Tenant(kasbah), ", '", topic, "', decode(repeat('61', ", bytes, "), 'hex'));\n");
}

std::string GetScript(const Installation& kasbah) {
  return StrCat(
      Enter(kasbah),
      "SELECT record_id, collection_id, customer_id, schema_version, version, data, sealed, "
      "created_at, updated_at FROM tenant_data.records WHERE tenant_id = ",
      Tenant(kasbah), " AND record_id = '", kasbah.record().uuid().ToString(),
      "' AND deleted_at IS NULL;\n");
}

std::string CreateScript(const Installation& kasbah) {
  const std::string data = R"('{"code": "some text of a record", "name": "some text of a record", )"
                           R"("note": "some text of a record"}')";
  const std::string tenant = Tenant(kasbah);
  return StrCat(
      "\\set id random(1, 9000000000000000)\n", Enter(kasbah),
      "WITH stored AS (INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, "
      "schema_version, version, data, created_at, updated_at) VALUES (",
      tenant, ", lpad(to_hex(:id::bigint), 32, '0')::uuid, ", tenant, ", 1, 1, ", data,
      ", now(), now())) INSERT INTO tenant_data.record_history (tenant_id, record_id, version, "
      "change, collection_id, schema_version, data, actor_kind, actor_id, request_id, changed_at) "
      "SELECT ",
      tenant, ", lpad(to_hex(:id::bigint), 32, '0')::uuid, 1, 'created', ", tenant, ", 1, ", data,
      ", 'api_key', 'key_01h455vb4pex5vsknk084sn02q', '0190163d-8694-739b-aea5-966c26f8ad91', "
      "now() FROM tenant_data.take_room(",
      tenant, ", 'records', 1);\n",
      "INSERT INTO tenant_data.record_index (tenant_id, record_id, field_id, v_text) VALUES (",
      tenant, ", lpad(to_hex(:id::bigint), 32, '0')::uuid, ", tenant,
      ", 'some text of a record');\n", Outbox(kasbah, "tenant_data", "audit", 300),
      Outbox(kasbah, "tenant_data", "change", 400));
}

std::string AccessScript(const Installation& kasbah) {
  return StrCat(
      Enter(kasbah),
      "SELECT s.secret_id, s.path, s.labels, s.latest_version, s.revision, s.created_at, "
      "v.version, v.key_version, v.created_by, v.created_at, v.destroyed_at, v.payload FROM "
      "vault.secrets s JOIN vault.secret_versions v ON v.tenant_id = s.tenant_id AND "
      "v.secret_id = s.secret_id WHERE s.tenant_id = ",
      Tenant(kasbah), " AND s.secret_id = '", kasbah.secret().uuid().ToString(),
      "' AND v.version = 1;\n", Outbox(kasbah, "vault", "audit", 300));
}

Budget Pipeline(Installation& kasbah, int seconds) {
  return {"rpc.pipeline",
          "calls/s",
          "bare callback echo over mTLS",
          0.7,
          PingLoad(kasbah.Channel("vault", dev::kOperator), seconds),
          PingLoad(kasbah.EchoChannel(), seconds)};
}

Budget Encrypt(Installation& kasbah, int seconds) {
  auto stub = Shared(vault::v1::CryptoService::NewStub(kasbah.Channel("vault", "tenant-data")));
  const std::string tenant = kasbah.tenant().ToString();
  return {"vault.encrypt",
          "calls/s",
          "the empty RPC",
          0.7,
          [stub, tenant, seconds] {
            vault::v1::EncryptRequest request;
            request.set_key("bench");
            request.set_plaintext(std::string(256, 'p'));
            (*request.mutable_context())["record"] = "rec_01h455vb4pex5vsknk084sn02q";
            using Async = class vault::v1::CryptoService::Stub::async;
            return Load(static_cast<Async*>(stub->async()), &Async::Encrypt, request, seconds,
                        [&](grpc::ClientContext* c) { c->AddMetadata("kasbah-tenant", tenant); });
          },
          PingLoad(kasbah.Channel("vault", dev::kOperator), seconds)};
}

Budget BatchEncrypt(Installation& kasbah, int seconds) {
  auto stub = Shared(vault::v1::CryptoService::NewStub(kasbah.Channel("vault", "tenant-data")));
  vault::v1::BatchEncryptRequest batch;
  batch.set_key("bench");
  for (int i = 0; i < 100; ++i) {
    auto* item = batch.add_items();
    item->set_plaintext(std::string(256, 'p'));
    (*item->mutable_context())["record"] = "rec_01h455vb4pex5vsknk084sn02q";
  }
  const std::string tenant = kasbah.tenant().ToString();
  return {"vault.batch_encrypt",
          "values/s",
          "single Encrypt",
          6,
          [stub, batch, tenant, seconds] {
            using Async = class vault::v1::CryptoService::Stub::async;
            return 100 *
                   Load(static_cast<Async*>(stub->async()), &Async::BatchEncrypt, batch, seconds,
                        [&](grpc::ClientContext* c) { c->AddMetadata("kasbah-tenant", tenant); });
          },
          Encrypt(kasbah, seconds).measure};
}

// A path of the tenant's own key whose baseline is its parts: a bare call and its statements.
Budget OfParts(Installation& kasbah, const char* name, double ratio,
               std::function<double()> measure, const std::string& role, const std::string& script,
               int seconds) {
  auto echo = PingLoad(kasbah.EchoChannel(), seconds);
  return {name,
          "calls/s",
          "parts: bare echo, then pgbench with the same statements",
          ratio,
          [&kasbah, measure = std::move(measure)] {
            const double rate = measure();
            kasbah.Settle();
            return rate;
          },
          [&kasbah, echo, role, script, seconds] {
            const double statements = kasbah.Pgbench(role, script, seconds);
            kasbah.Settle();
            return Parts(echo(), statements);
          }};
}

Budget Access(Installation& kasbah, int seconds) {
  auto stub = Shared(vault::v1::SecretService::NewStub(kasbah.TenantChannel("vault")));
  return OfParts(
      kasbah, "vault.access", 0.6,
      [&kasbah, stub, seconds] {
        vault::v1::AccessSecretVersionRequest request;
        request.set_secret(kasbah.secret().ToString());
        using Async = class vault::v1::SecretService::Stub::async;
        return Load(static_cast<Async*>(stub->async()), &Async::AccessSecretVersion, request,
                    seconds, [&](grpc::ClientContext* c) {
                      c->AddMetadata("authorization", kasbah.Authorization());
                    });
      },
      "kasbah_vault", AccessScript(kasbah), seconds);
}

Budget GetRecord(Installation& kasbah, int seconds) {
  auto stub = Shared(tenantdata::v1::RecordService::NewStub(kasbah.TenantChannel("tenant-data")));
  return OfParts(
      kasbah, "data.get", 0.7,
      [&kasbah, stub, seconds] {
        tenantdata::v1::GetRecordRequest request;
        request.set_record_id(kasbah.record().ToString());
        using Async = class tenantdata::v1::RecordService::Stub::async;
        return Load(static_cast<Async*>(stub->async()), &Async::GetRecord, request, seconds,
                    [&](grpc::ClientContext* c) {
                      c->AddMetadata("authorization", kasbah.Authorization());
                    });
      },
      "kasbah_tenant_data", GetScript(kasbah), seconds);
}

Budget CreateRecord(Installation& kasbah, int seconds) {
  auto stub = Shared(tenantdata::v1::RecordService::NewStub(kasbah.TenantChannel("tenant-data")));
  return OfParts(
      kasbah, "data.create", 0.7,
      [&kasbah, stub, seconds] {
        tenantdata::v1::CreateRecordRequest request;
        request.set_collection("items");
        for (const char* name : {"name", "code", "note"}) {
          (*request.mutable_values()->mutable_fields())[name].set_string_value(
              "some text of a record");
        }
        using Async = class tenantdata::v1::RecordService::Stub::async;
        return Load(static_cast<Async*>(stub->async()), &Async::CreateRecord, request, seconds,
                    [&](grpc::ClientContext* c) {
                      c->AddMetadata("authorization", kasbah.Authorization());
                    });
      },
      "kasbah_tenant_data", CreateScript(kasbah), seconds);
}

// Records of eight texts, each of which a side index has a row of, or none.
std::function<double()> CreateWide(Installation& kasbah, bool indexed, int seconds) {
  const std::string key = indexed ? "indexed" : "plain";
  std::vector<std::string> fields;
  for (int i = 0; i < 8; ++i) fields.push_back(StrCat("text_", i));
  kasbah.MakeCollection(kasbah.tenant(), key, fields, indexed ? fields.size() : 0);
  auto stub = Shared(tenantdata::v1::RecordService::NewStub(kasbah.TenantChannel("tenant-data")));
  return [&kasbah, stub, key, fields, seconds] {
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection(key);
    for (const std::string& field : fields) {
      (*request.mutable_values()->mutable_fields())[field].set_string_value(
          "some text of a record");
    }
    using Async = class tenantdata::v1::RecordService::Stub::async;
    const double rate = Load(
        static_cast<Async*>(stub->async()), &Async::CreateRecord, request, seconds,
        [&](grpc::ClientContext* c) { c->AddMetadata("authorization", kasbah.Authorization()); });
    kasbah.Settle();
    return rate;
  };
}

// What the side index costs those who write.
Budget WriteIndex(Installation& kasbah, int seconds) {
  return {"data.index/8",
          "records/s",
          "CreateRecord of the same eight texts, none of them indexed",
          0.5,
          CreateWide(kasbah, /*indexed=*/true, seconds),
          CreateWide(kasbah, /*indexed=*/false, seconds)};
}

Budget Resolve(Installation& kasbah, int seconds) {
  // As the gateway: services are bounded by load shedding alone, guessing by the credential tier.
  auto stub = Shared(auth::v1::CredentialService::NewStub(kasbah.Channel("auth", "gateway")));
  return {"auth.resolve",
          "calls/s",
          "the empty RPC",
          0.5,
          [&kasbah, stub, seconds] {
            auth::v1::ResolveCredentialRequest request;
            request.set_api_key(kasbah.api_key());
            using Async = class auth::v1::CredentialService::Stub::async;
            return Load(static_cast<Async*>(stub->async()), &Async::ResolveCredential, request,
                        seconds);
          },
          PingLoad(kasbah.Channel("auth", dev::kOperator), seconds)};
}

}  // namespace

std::vector<Budget> AllBudgets(Installation& kasbah, int seconds) {
  return {Pipeline(kasbah, seconds),   Encrypt(kasbah, seconds),   BatchEncrypt(kasbah, seconds),
          Access(kasbah, seconds),     GetRecord(kasbah, seconds), CreateRecord(kasbah, seconds),
          WriteIndex(kasbah, seconds), AuditIngest(kasbah, 1),     AuditIngest(kasbah, 1000),
          Resolve(kasbah, seconds),    WebhookDeliver(kasbah)};
}

}  // namespace kasbah::bench
