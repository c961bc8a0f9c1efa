#include "tests/bench/rewrap.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/rewraps.grpc.pb.h"
#include "libs/base/strings.h"

namespace kasbah::bench {
namespace {

constexpr int kBatch = 500;
constexpr int kWriters = 4;

// "VmRSS" or "VmHWM" of a service, MiB.
int MemoryOf(Installation& kasbah, const std::string& service, const std::string& what) {
  for (const dev::ServiceState& state : kasbah.supervisor().states()) {
    if (state.name != service) continue;
    std::ifstream status(StrCat("/proc/", state.pid, "/status"));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(what)) return std::stoi(line.substr(what.size() + 1)) / 1024;
    }
  }
  return 0;
}

std::string Memory(Installation& kasbah) {
  std::string text;
  for (const char* service : {"vault", "tenant-data"}) {
    StrAppend(&text, "  ", service, " ", MemoryOf(kasbah, service, "VmRSS"), " MiB (most ",
              MemoryOf(kasbah, service, "VmHWM"), ")");
  }
  return text;
}

void MakeRecords(Installation& kasbah, int records) {
  using Collections = tenantdata::v1::CollectionService::Stub;
  using Records = tenantdata::v1::RecordService::Stub;
  tenantdata::v1::CreateCollectionRequest create;
  create.set_key("sealed");
  create.set_display_name("Sealed");
  auto* field = create.add_fields();
  field->set_key("value");
  field->set_display_name("Value");
  field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  field->set_sealed(true);
  Collections collections(kasbah.Channel("tenant-data", dev::kOperator));
  Installation::Invoke(collections, &Collections::CreateCollection, create, kasbah.tenant());
  std::atomic<int> left = records / kBatch;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      Records stub(kasbah.TenantChannel("tenant-data"));
      while (left.fetch_sub(1) > 0) {
        tenantdata::v1::BatchCreateRecordsRequest batch;
        batch.set_collection("sealed");
        for (int n = 0; n < kBatch; ++n) {
          (*batch.add_values()->mutable_fields())["value"].set_string_value("a sealed value");
        }
        Installation::Invoke(stub, &Records::BatchCreateRecords, batch, TenantId(),
                             kasbah.Authorization());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
}

}  // namespace

std::string MeasureRewrap(Installation& kasbah, int ciphertexts) {
  // Each record has its value in the record and in its history.
  fprintf(stderr, "making %d sealed values …\n", ciphertexts);
  MakeRecords(kasbah, ciphertexts / 2);
  using Keys = vault::v1::KeyService::Stub;
  using Rewraps = vault::v1::RewrapService::Stub;
  Keys keys(kasbah.Channel("vault", dev::kOperator));
  Rewraps rewraps(kasbah.Channel("vault", dev::kOperator));
  vault::v1::RotateKeyRequest rotate;
  rotate.set_key("service/tenant-data/fields");
  Installation::Invoke(keys, &Keys::RotateKey, rotate, kasbah.tenant());
  const std::string before = Memory(kasbah);

  vault::v1::StartRewrapRequest start;
  start.set_key(rotate.key());
  const absl::Time begin = absl::Now();
  vault::v1::Rewrap rewrap =
      Installation::Invoke(rewraps, &Rewraps::StartRewrap, start, kasbah.tenant());
  while (rewrap.state() == vault::v1::Rewrap::STATE_RUNNING) {
    absl::SleepFor(absl::Seconds(1));
    vault::v1::GetRewrapRequest get;
    get.set_rewrap_id(rewrap.rewrap_id());
    rewrap = Installation::Invoke(rewraps, &Rewraps::GetRewrap, get, kasbah.tenant());
    fprintf(stderr, "\r%lu of %lu%s", static_cast<unsigned long>(rewrap.rewrapped()),
            static_cast<unsigned long>(rewrap.total()), Memory(kasbah).c_str());
  }
  fputs("\n", stderr);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return StrCat("rewrapped ", rewrap.rewrapped(), " ciphertexts, ", rewrap.failed(), " failed, in ",
                static_cast<int>(seconds),
                " s: ", static_cast<int>(static_cast<double>(rewrap.rewrapped()) / seconds),
                "/s\nmemory before:", before, "\nmemory after: ", Memory(kasbah), "\n");
}

}  // namespace kasbah::bench
