// Whether the time of an answer tells an id that another tenant has from one that nobody has.
// Both are asked for in pairs, whose order is drawn, among as many ids of each kind that were made
// side by side; everything goes over one connection to the running services.

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/domain.h"
#include "tests/system/or_die.h"
#include "tests/system/system.h"
#include "tests/timing/welch.h"

namespace kasbah::timing {
namespace {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::OrDie;
using system_test::System;
using system_test::TestTenant;
using Collections = tenantdata::v1::CollectionService;
using Customers = tenantdata::v1::CustomerService;
using Domains = tenantdata::v1::DomainService;
using Files = tenantdata::v1::FileService;
using Records = tenantdata::v1::RecordService;
using Secrets = vault::v1::SecretService;

constexpr int kPairs = 20'000;
constexpr int kWarmUps = 500;
constexpr int kIds = 64;
// Of all samples: the slowest tenth are the machine's.
constexpr double kKept = 0.9;

// Ids that another tenant has, ids that nobody has, and our own.
struct Ids {
  std::vector<std::string> foreign;
  std::vector<std::string> absent;
  std::vector<std::string> own;
};

class ForeignIds : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    System::AskForNoRateLimits();
    asker_ = new TestTenant(System::Get().CreateTenant("timing-asker"));
    owner_ = new TestTenant(System::Get().CreateTenant("timing-owner"));
    for (const TestTenant* tenant : {asker_, owner_}) {
      tenantdata::v1::CreateCollectionRequest define;
      define.set_key("things");
      auto* name = define.add_fields();
      name->set_key("name");
      name->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
      auto* parent = define.add_fields();
      parent->set_key("parent");
      parent->set_type(tenantdata::v1::FIELD_TYPE_REFERENCE);
      parent->set_reference_collection("things");
      OrDie(AsOperator<Collections>(tenant->id, "tenant-data", &Collections::Stub::CreateCollection,
                                    define));
    }
  }

  // `make` makes one of a tenant's; ids that nobody has are drawn in between.
  template <typename Id>
  static Ids MakeIds(const std::function<std::string(const TestTenant&)>& make) {
    Ids ids;
    for (int i = 0; i < kIds; ++i) {
      ids.foreign.push_back(make(*owner_));
      ids.absent.push_back(Id::New(absl::Now()).ToString());
      ids.own.push_back(make(*asker_));
    }
    return ids;
  }

  // Nanoseconds of one call.
  template <typename Stub, typename Request, typename Reply>
  int64_t Time(Stub& stub,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
               const Request& request, grpc::StatusCode expected) {
    const auto context = System::Get().OwnerContext(*asker_);
    if (!customer_.empty()) context->AddMetadata("kasbah-customer", customer_);
    Reply reply;
    const auto begin = std::chrono::steady_clock::now();
    const grpc::Status status = (stub.*method)(context.get(), request, &reply);
    const auto end = std::chrono::steady_clock::now();
    if (status.error_code() != expected) {
      Crash(StrCat("answered ", status.error_code(), " ", status.error_message()), __FILE__,
            __LINE__);
    }
    return std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count();
  }

  // Asks for ids of both kinds in pairs.
  static Comparison Measure(const std::function<int64_t(const std::string&)>& ask_first,
                            const std::vector<std::string>& first,
                            const std::function<int64_t(const std::string&)>& ask_second,
                            const std::vector<std::string>& second, int pairs) {
    std::mt19937_64 random(20'261'128);
    std::vector<int64_t> of_first;
    std::vector<int64_t> of_second;
    for (int i = -kWarmUps; i < pairs; ++i) {
      const std::string& one = first[random() % first.size()];
      const std::string& other = second[random() % second.size()];
      const bool is_turned = random() % 2 == 1;
      const int64_t turned = is_turned ? ask_second(other) : 0;
      const int64_t time = ask_first(one);
      const int64_t time_of_other = is_turned ? turned : ask_second(other);
      if (i < 0) continue;
      of_first.push_back(time);
      of_second.push_back(time_of_other);
    }
    return Compare(of_first, of_second, kKept);
  }

  static void Print(const char* what, const Comparison& result) {
    printf("%-36s n %lld and %lld   means %9.0f and %9.0f ns   t %6.2f\n", what,
           static_cast<long long>(result.first_count), static_cast<long long>(result.second_count),
           result.first_mean, result.second_mean, result.t);
    fflush(stdout);
  }

  // `put` puts an id into a request, which is answered with `expected` for ids of both kinds.
  template <typename Stub, typename Request, typename Reply>
  void ExpectNotToldApart(const char* what, const Ids& ids, Stub& stub,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Reply*),
                          const std::function<void(const std::string&, Request*)>& put,
                          grpc::StatusCode expected = grpc::StatusCode::NOT_FOUND) {
    const auto ask = [&](const std::string& id) {
      Request request;
      put(id, &request);
      return Time(stub, method, request, expected);
    };
    const Comparison result = Measure(ask, ids.foreign, ask, ids.absent, kPairs);
    Print(what, result);
    EXPECT_LT(std::abs(result.t), kTellsApart) << what;
  }

  // What may be asked of a record, by the tenant or one of its customers.
  void AskForRecords(const Ids& ids) {
    namespace v1 = tenantdata::v1;
    const auto stub = StubOf<Records>("tenant-data");
    using Stub = Records::Stub;
    ExpectNotToldApart<Stub, v1::GetRecordRequest>(
        "GetRecord", ids, *stub, &Stub::GetRecord,
        [](const std::string& id, auto* request) { request->set_record_id(id); });
    ExpectNotToldApart<Stub, v1::GetRecordRequest>("GetRecord, version", ids, *stub,
                                                   &Stub::GetRecord,
                                                   [](const std::string& id, auto* request) {
                                                     request->set_record_id(id);
                                                     request->set_version(1);
                                                   });
    ExpectNotToldApart<Stub, v1::BatchGetRecordsRequest>(
        "BatchGetRecords", ids, *stub, &Stub::BatchGetRecords,
        [](const std::string& id, auto* request) { request->add_record_ids(id); },
        grpc::StatusCode::OK);
    ExpectNotToldApart<Stub, v1::ListRecordHistoryRequest>(
        "ListRecordHistory", ids, *stub, &Stub::ListRecordHistory,
        [](const std::string& id, auto* request) { request->set_record_id(id); });
    ExpectNotToldApart<Stub, v1::UpdateRecordRequest>(
        "UpdateRecord", ids, *stub, &Stub::UpdateRecord, [](const std::string& id, auto* request) {
          request->set_record_id(id);
          request->set_etag("*");
          (*request->mutable_values()->mutable_fields())["name"].set_string_value("y");
        });
    ExpectNotToldApart<Stub, v1::DeleteRecordRequest>(
        "DeleteRecord", ids, *stub, &Stub::DeleteRecord,
        [](const std::string& id, auto* request) { request->set_record_id(id); });
    ExpectNotToldApart<Stub, v1::RestoreRecordRequest>(
        "RestoreRecord", ids, *stub, &Stub::RestoreRecord,
        [](const std::string& id, auto* request) { request->set_record_id(id); });
    ExpectNotToldApart<Stub, v1::PurgeRecordRequest>(
        "PurgeRecord", ids, *stub, &Stub::PurgeRecord,
        [](const std::string& id, auto* request) { request->set_record_id(id); });
    ExpectNotToldApart<Stub, v1::CreateRecordRequest>(
        "CreateRecord, a reference", ids, *stub, &Stub::CreateRecord,
        [](const std::string& id, auto* request) {
          request->set_collection("things");
          (*request->mutable_values()->mutable_fields())["parent"].set_string_value(id);
        },
        grpc::StatusCode::INVALID_ARGUMENT);
  }

  static std::string MakeRecord(const TestTenant& tenant) { return MakeRecordOf(tenant, ""); }
  static std::string MakeRecordOf(const TestTenant& tenant, const std::string& customer) {
    tenantdata::v1::CreateRecordRequest request;
    request.set_customer_id(customer);
    request.set_collection("things");
    (*request.mutable_values()->mutable_fields())["name"].set_string_value("x");
    return OrDie(AsOwner<Records>(tenant, "tenant-data", &Records::Stub::CreateRecord, request))
        .record_id();
  }
  static std::string MakeFile(const TestTenant& tenant) {
    const auto stub =
        Files::NewStub(System::Get().Channel("tenant-data", tenant.certificate_directory));
    tenantdata::v1::File file;
    const auto context = System::Get().OwnerContext(tenant);
    const auto writer = stub->UploadFile(context.get(), &file);
    tenantdata::v1::UploadFileRequest message;
    message.mutable_metadata()->set_name("x");
    message.mutable_metadata()->set_size(1);
    message.set_chunk("x");
    writer->Write(message);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    if (!status.ok()) Crash(status.error_message(), __FILE__, __LINE__);
    return file.file_id();
  }
  static std::string MakeCustomer(const TestTenant& tenant) {
    static int made = 0;
    tenantdata::v1::CreateCustomerRequest request;
    request.set_external_id(StrCat("c", ++made));
    return OrDie(
               AsOwner<Customers>(tenant, "tenant-data", &Customers::Stub::CreateCustomer, request))
        .customer_id();
  }
  static std::string MakeDomain(const TestTenant& tenant) {
    static int made = 0;
    tenantdata::v1::CreateDomainRequest request;
    request.set_host(StrCat("h", ++made, ".example.com"));
    return OrDie(AsOwner<Domains>(tenant, "tenant-data", &Domains::Stub::CreateDomain, request))
        .domain_id();
  }
  static std::string MakeSecret(const TestTenant& tenant) {
    static int made = 0;
    vault::v1::CreateSecretRequest create;
    create.set_path(StrCat("s", ++made));
    const std::string id =
        OrDie(AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::CreateSecret, create)).secret_id();
    vault::v1::AddSecretVersionRequest add;
    add.set_secret(id);
    add.set_payload("x");
    OrDie(AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::AddSecretVersion, add));
    return id;
  }

  template <typename Service>
  static std::unique_ptr<typename Service::Stub> StubOf(const std::string& service) {
    return Service::NewStub(System::Get().Channel(service, asker_->certificate_directory));
  }

  static TestTenant* asker_;
  static TestTenant* owner_;
  // Whom the asker asks for; empty: the tenant itself.
  std::string customer_;
};
TestTenant* ForeignIds::asker_ = nullptr;
TestTenant* ForeignIds::owner_ = nullptr;

// What the test must be able to see: a record that is there takes longer than one that is not.
TEST_F(ForeignIds, WhatIsThereIsToldFromWhatIsNot) {
  const Ids ids = MakeIds<RecordId>(MakeRecord);
  const auto stub = StubOf<Records>("tenant-data");
  const auto get = [&](grpc::StatusCode expected) {
    return [this, &stub, expected](const std::string& id) {
      tenantdata::v1::GetRecordRequest request;
      request.set_record_id(id);
      return Time(*stub, &Records::Stub::GetRecord, request, expected);
    };
  };
  const Comparison seen = Measure(get(grpc::StatusCode::OK), ids.own,
                                  get(grpc::StatusCode::NOT_FOUND), ids.absent, kPairs / 10);
  Print("GetRecord, own and absent", seen);
  EXPECT_GT(std::abs(seen.t), kTellsApart) << "too coarse to see anything";
}

TEST_F(ForeignIds, OfRecords) { AskForRecords(MakeIds<RecordId>(MakeRecord)); }

TEST_F(ForeignIds, OfAnotherCustomersRecords) {
  Ids ids;
  const std::string other = MakeCustomer(*asker_);
  for (int i = 0; i < kIds; ++i) {
    ids.foreign.push_back(MakeRecordOf(*asker_, other));
    ids.absent.push_back(RecordId::New(absl::Now()).ToString());
  }
  customer_ = MakeCustomer(*asker_);
  AskForRecords(ids);
}

TEST_F(ForeignIds, OfFiles) {
  const Ids ids = MakeIds<FileId>(MakeFile);
  const auto stub = StubOf<Files>("tenant-data");
  ExpectNotToldApart<Files::Stub, tenantdata::v1::GetFileRequest>(
      "GetFile", ids, *stub, &Files::Stub::GetFile,
      [](const std::string& id, auto* request) { request->set_file_id(id); });
  ExpectNotToldApart<Files::Stub, tenantdata::v1::DeleteFileRequest>(
      "DeleteFile", ids, *stub, &Files::Stub::DeleteFile,
      [](const std::string& id, auto* request) { request->set_file_id(id); });
}

TEST_F(ForeignIds, OfCustomers) {
  const Ids ids = MakeIds<CustomerId>(MakeCustomer);
  const auto stub = StubOf<Customers>("tenant-data");
  using Stub = Customers::Stub;
  ExpectNotToldApart<Stub, tenantdata::v1::GetCustomerRequest>(
      "GetCustomer", ids, *stub, &Stub::GetCustomer,
      [](const std::string& id, auto* request) { request->set_customer_id(id); });
  ExpectNotToldApart<Stub, tenantdata::v1::SuspendCustomerRequest>(
      "SuspendCustomer", ids, *stub, &Stub::SuspendCustomer,
      [](const std::string& id, auto* request) { request->set_customer_id(id); });
  const auto records = StubOf<Records>("tenant-data");
  ExpectNotToldApart<Records::Stub, tenantdata::v1::CreateRecordRequest>(
      "CreateRecord, a customer", ids, *records, &Records::Stub::CreateRecord,
      [](const std::string& id, auto* request) {
        request->set_collection("things");
        request->set_customer_id(id);
        (*request->mutable_values()->mutable_fields())["name"].set_string_value("x");
      });
}

TEST_F(ForeignIds, OfDomains) {
  const Ids ids = MakeIds<tenantdata::DomainId>(MakeDomain);
  const auto stub = StubOf<Domains>("tenant-data");
  ExpectNotToldApart<Domains::Stub, tenantdata::v1::GetDomainRequest>(
      "GetDomain", ids, *stub, &Domains::Stub::GetDomain,
      [](const std::string& id, auto* request) { request->set_domain_id(id); });
  ExpectNotToldApart<Domains::Stub, tenantdata::v1::DeleteDomainRequest>(
      "DeleteDomain", ids, *stub, &Domains::Stub::DeleteDomain,
      [](const std::string& id, auto* request) { request->set_domain_id(id); });
}

TEST_F(ForeignIds, OfSecrets) {
  const Ids ids = MakeIds<SecretId>(MakeSecret);
  const auto stub = StubOf<Secrets>("vault");
  ExpectNotToldApart<Secrets::Stub, vault::v1::GetSecretVersionRequest>(
      "GetSecretVersion", ids, *stub, &Secrets::Stub::GetSecretVersion,
      [](const std::string& id, auto* request) { request->set_secret(id); });
  ExpectNotToldApart<Secrets::Stub, vault::v1::AccessSecretVersionRequest>(
      "AccessSecretVersion", ids, *stub, &Secrets::Stub::AccessSecretVersion,
      [](const std::string& id, auto* request) { request->set_secret(id); });
}

}  // namespace
}  // namespace kasbah::timing
