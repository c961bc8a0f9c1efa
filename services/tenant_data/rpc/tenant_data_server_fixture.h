#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/crypto/hash.h"
#include "libs/testing/server_harness.h"
#include "services/tenant_data/domain/host_cache.h"
#include "services/tenant_data/rpc/forgetting_vault.h"
#include "services/tenant_data/store/cursor_keys.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {

// Stands for the vault in tests: turns bytes around and prepends context and subject, which must be
// the same to turn them back. Its indexes are of one key with as many versions as a test says.
class TurningVault final : public vault::v1::CryptoService::Service {
 public:
  explicit TurningVault(const ForgettingVault& shredder) : shredder_(shredder) {}
  grpc::Status BatchEncrypt(grpc::ServerContext*, const vault::v1::BatchEncryptRequest* request,
                            vault::v1::BatchEncryptResponse* reply) override {
    ++calls;
    for (const auto& item : request->items()) {
      if (shredder_.shredded.contains(item.subject())) {
        reply->add_items()->set_error("KEY_SHREDDED");
      } else {
        reply->add_items()->set_ciphertext(PrefixOf(item) + Turned(item.plaintext()));
      }
    }
    return grpc::Status::OK;
  }
  grpc::Status BatchBlindIndex(grpc::ServerContext*,
                               const vault::v1::BatchBlindIndexRequest* request,
                               vault::v1::BatchBlindIndexResponse* reply) override {
    ++index_calls;
    // As the contract has it.
    if (request->items_size() > 1000) return {grpc::StatusCode::INVALID_ARGUMENT, "too many"};
    for (const auto& item : request->items()) {
      const uint32_t version = item.key_version() == 0 ? index_version.load() : item.key_version();
      auto* indexed = reply->add_items();
      if (version == refused_version) {
        indexed->set_error(index_error);
        continue;
      }
      indexed->set_index(
          crypto::Sha256({std::to_string(version), item.context().at("field"), item.value()})
              .substr(0, item.bits() / 8));
      indexed->set_key_version(version);
    }
    return grpc::Status::OK;
  }
  grpc::Status BatchDecrypt(grpc::ServerContext*, const vault::v1::BatchDecryptRequest* request,
                            vault::v1::BatchDecryptResponse* reply) override {
    ++calls;
    for (const auto& item : request->items()) {
      auto* opened = reply->add_items();
      const std::string prefix = PrefixOf(item);
      if (shredder_.shredded.contains(item.subject())) {
        opened->set_error("KEY_SHREDDED");
      } else if (item.ciphertext().starts_with(prefix)) {
        opened->set_plaintext(Turned(item.ciphertext().substr(prefix.size())));
      } else {
        opened->set_error("OPEN_FAILED");
      }
    }
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;
  std::atomic<int> index_calls = 0;
  std::atomic<uint32_t> index_version = 1;
  // A version of the index key that is answered with an error; changed while nothing calls.
  std::atomic<uint32_t> refused_version = 0;
  std::string index_error;

 private:
  template <typename Item>
  static std::string PrefixOf(const Item& item) {
    return item.context().at("record") + item.context().at("field") + item.subject();
  }
  static std::string Turned(std::string bytes) {
    for (char& c : bytes) c = static_cast<char>(~c);
    return bytes;
  }

  const ForgettingVault& shredder_;
};

// The vault's other face: keeps values under their paths, the same again for the same request.
class KeepingVault final : public vault::v1::SecretService::Service {
 public:
  grpc::Status KeepValues(grpc::ServerContext*, const vault::v1::KeepValuesRequest* request,
                          vault::v1::KeepValuesResponse* reply) override {
    for (const auto& value : request->values()) {
      payloads[value.path()] = value.payload();
      auto [kept, is_new] = ids.try_emplace(value.path());
      if (is_new) kept->second = SecretId::New(absl::Now()).ToString();
      reply->add_secret_ids(kept->second);
    }
    return grpc::Status::OK;
  }

  std::map<std::string, std::string> payloads;
  std::map<std::string, std::string> ids;
};

// The handlers behind the real pipeline and mutual TLS, over a real database; beside them a vault
// of the test's own. Callers are made by certificate; the gateway's calls carry an assertion.
class TenantDataServerTest : public TenantDataTest, protected testing::ServerHarness {
 protected:
  TenantDataServerTest();

  ~TenantDataServerTest() override;

  void SetUp() override;
  void TearDown() override;
  void StartVault();
  void StartServer();
  // What a test of other handlers serves beside these.
  virtual std::vector<grpc::Service*> MoreServices(rpc::Pipeline& /*pipeline*/) { return {}; }

  // As an operator; a nil tenant for calls to the installation itself.
  template <typename Method, typename Request>
  auto AsOperator(TenantId tenant, Method method, const Request& request) {
    return As("operator/ada", tenant, method, request);
  }

  ForgettingVault shredder_;
  TurningVault vault_{shredder_};
  KeepingVault keeper_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::shared_ptr<grpc::Channel> vault_channel_;
  std::unique_ptr<postgres::Door> door_;
  std::unique_ptr<postgres::Door> domains_door_;
  HostCache hosts_{clock_};
  std::unique_ptr<CursorKeys> cursor_keys_;

 private:
  // Out of sight: what a service brings with it takes a compiler seconds in each file.
  struct Handlers;
  std::unique_ptr<Handlers> handlers_;
};

}  // namespace kasbah::tenantdata
