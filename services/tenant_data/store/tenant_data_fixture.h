#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/customer_store.h"
#include "services/tenant_data/store/definition_writer.h"
#include "services/tenant_data/store/index_builder.h"
#include "services/tenant_data/store/migrations.h"
#include "services/tenant_data/store/record_batch_writer.h"
#include "services/tenant_data/store/record_store.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

using Values = std::vector<std::pair<std::string, std::string>>;

// Two tenants, each with a collection "countries": alpha_2 unique and indexed, name indexed,
// population an indexed integer, founded an indexed time, note plain, iban sealed, passport sealed
// and searchable, code unique.
class TenantDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_ = testing::TestDatabase::Create(migrations::tenant_data());
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    ASSERT_OK_AND_ASSIGN(database_,
                         postgres::Database::Open(test_->Pool("kasbah_tenant_data"), deadline));
    a_ = test_->CreateTenant("alpha");
    b_ = test_->CreateTenant("beta");
    rules_a_ = MakeCollection(a_);
    rules_b_ = MakeCollection(b_);
  }

  CallContext Call(TenantId tenant, std::optional<CustomerId> customer = std::nullopt) {
    CallContext call;
    call.tenant = tenant;
    call.customer = customer;
    call.deadline = absl::Now() + absl::Seconds(30);
    call.actor = {"api_key", "key_test", ""};
    call.workload = "service/gateway";
    call.request_id = "req-1";
    return call;
  }

  static FieldDefinition Field(const std::string& key, FieldType type, bool unique, bool indexed,
                               bool sealed) {
    FieldDefinition field;
    field.id = FieldId::New(absl::Now());
    field.key = key;
    field.type = type;
    field.unique = unique;
    field.indexed = indexed;
    field.sealed = sealed;
    return field;
  }

  std::shared_ptr<const RuleTable> MakeCollection(TenantId tenant) {
    CollectionDefinition collection;
    collection.id = CollectionId::New(clock_.Now());
    collection.key = "countries";
    collection.created = clock_.Now();
    collection.fields = {Field("alpha_2", FieldType::kText, true, true, false),
                         Field("name", FieldType::kText, false, true, false),
                         Field("population", FieldType::kInteger, false, true, false),
                         Field("note", FieldType::kText, false, false, false),
                         Field("iban", FieldType::kText, false, false, true),
                         Field("code", FieldType::kText, true, false, false),
                         Field("founded", FieldType::kTimestamp, false, true, false),
                         Field("passport", FieldType::kText, false, false, true)};
    collection.fields.back().searchable = true;
    const CallContext call = Call(tenant);
    EXPECT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
      collections_.Insert(tx, call, collection);
      return Audit(tx, call, "collection.create");
    }));
    return *RuleTable::Compile(collection);
  }

  absl::StatusOr<CollectionDefinition> Current(TenantId tenant) {
    const CallContext call = Call(tenant);
    return database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return collections_.Get(tx, call, "countries"); });
  }
  // Changes one field of the collection as it stands now.
  absl::StatusOr<DefinitionUpdate> Change(TenantId tenant, const std::string& key,
                                          const std::function<void(FieldDefinition&)>& change) {
    const CallContext call = Call(tenant);
    ASSIGN_OR_RETURN(CollectionDefinition collection, Current(tenant));
    for (FieldDefinition& field : collection.fields) {
      if (field.key == key) change(field);
    }
    return DefinitionWriter(*database_, outbox_, Clock::Real())
        .Update(call, "countries", collection.revision, collection, /*validate_only=*/false);
  }
  IndexBuilder Builder(int64_t page_size) {
    if (upkeep_ == nullptr) {
      upkeep_ = *postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                      postgres::DoorToken::TenantDataUpkeep(),
                                      absl::Now() + absl::Seconds(30));
    }
    return IndexBuilder(*database_, *upkeep_, Clock::Real(), page_size);
  }

  CustomerId MakeCustomer(TenantId tenant, const std::string& external_id) {
    const Customer customer{CustomerId::New(clock_.Now()),
                            external_id,
                            "Name of " + external_id,
                            false,
                            clock_.Now(),
                            1};
    const CallContext call = Call(tenant);
    EXPECT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
      customers_.Insert(tx, call, customer);
      return Audit(tx, call, "customer.create");
    }));
    return customer.id;
  }

  absl::Status Audit(postgres::Transaction& tx, const CallContext& call, std::string_view action) {
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, action, {"test", "id", ""}));
  }

  static google::protobuf::Struct ToStruct(const Values& values) {
    google::protobuf::Struct object;
    for (const auto& [key, value] : values) {
      (*object.mutable_fields())[key].set_string_value(value);
    }
    return object;
  }

  NewRecord Record(const RuleTable& rules, const Values& values,
                   std::optional<CustomerId> customer = std::nullopt) {
    Validation checked = ValidateNew(rules, ToStruct(values));
    EXPECT_TRUE(checked.violations.empty());
    NewRecord record{RecordId::New(clock_.Now()), customer, std::move(checked.valid), "", {}, ""};
    // Ciphertexts are bytes like any others to the stores.
    SealedValues sealed;
    for (const Unsealed& value : record.values.to_seal) sealed[value.field] = "ciphertext-bytes";
    record.sealed = PackSealed(sealed);
    return record;
  }

  absl::StatusOr<RecordId> Create(TenantId tenant, const Values& values,
                                  std::optional<CustomerId> customer = std::nullopt) {
    const RuleTable& rules = tenant == a_ ? *rules_a_ : *rules_b_;
    const auto created =
        writer().Create(Call(tenant), rules, Record(rules, values, customer), std::nullopt);
    if (!created.ok()) return created.status();
    return created->id;
  }

  absl::StatusOr<StoredRecord> Get(const CallContext& call, RecordId id) {
    return database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return records_.Get(tx, call, id); });
  }

  // A change of the note, in the version that the record must have.
  absl::Status SetNote(TenantId tenant, RecordId id, uint64_t version, const std::string& note) {
    const RuleTable& rules = tenant == a_ ? *rules_a_ : *rules_b_;
    Validation checked = ValidateNew(rules, ToStruct({{"note", note}}));
    return writer()
        .Update(Call(tenant), rules,
                {id,
                 version,
                 std::nullopt,
                 std::move(checked.valid),
                 "",
                 {rules.Find("note")->definition.id},
                 {},
                 {"note"}})
        .status();
  }

  RecordWriter writer() { return RecordWriter(*database_, outbox_, clock_); }
  RecordBatchWriter batches() { return RecordBatchWriter(*database_, outbox_, clock_); }

  int64_t Count(const std::string& table_and_condition) {
    return std::stoll(test_->QueryValue("SELECT count(*) FROM " + table_and_condition));
  }
  int64_t Audits() { return Count("tenant_data.outbox WHERE topic = 'audit'"); }
  int64_t Changes() { return Count("tenant_data.outbox WHERE topic = 'change'"); }

  template <typename Event>
  Event LastEvent(const std::string& topic) {
    const std::string hex =
        test_->QueryValue("SELECT encode(payload, 'hex') FROM tenant_data.outbox WHERE topic = '" +
                          topic + "' ORDER BY id DESC LIMIT 1");
    Event event;
    EXPECT_TRUE(event.ParseFromString(*crypto::ParseHex(hex)));
    return event;
  }

  testing::FakeClock clock_;
  std::unique_ptr<testing::TestDatabase> test_;
  std::unique_ptr<postgres::Database> database_;
  std::unique_ptr<postgres::Door> upkeep_;
  outbox::Outbox outbox_{"tenant_data"};
  CollectionStore collections_;
  CustomerStore customers_;
  RecordStore records_;
  TenantId a_;
  TenantId b_;
  std::shared_ptr<const RuleTable> rules_a_;
  std::shared_ptr<const RuleTable> rules_b_;
};

}  // namespace kasbah::tenantdata
