// What the memory of the running vault shows after secrets went through it: every readable mapping
// of the process is searched for their bytes, for what was encrypted, and for the seal. Locked
// memory that stays out of core files may hold them; nothing else may.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using system_test::Invoke;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Crypto = vault::v1::CryptoService;
using Secrets = vault::v1::SecretService;

pid_t VaultPid() {
  for (const auto& state : System::Get().supervisor().states()) {
    if (state.name == "vault") return state.pid;
  }
  return 0;
}

struct Mapping {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string name;
  // VmFlags of proc(5): "lo", locked; "dd", left out of core files.
  bool is_protected = false;
};

std::vector<Mapping> MappingsOf(pid_t pid) {
  std::ifstream smaps(StrCat("/proc/", pid, "/smaps"));
  std::vector<Mapping> mappings;
  std::string line;
  while (std::getline(smaps, line)) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char access[5] = "";
    char name[512] = "";
    if (sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %511[^\n]", &begin, &end, access, name) >=
        3) {
      if (access[0] == 'r') {
        mappings.push_back({begin, end, name[0] == '\0' ? "anonymous" : name, false});
      }
    } else if (line.starts_with("VmFlags:") && !mappings.empty()) {
      mappings.back().is_protected =
          line.find(" lo") != std::string::npos && line.find(" dd") != std::string::npos;
    }
  }
  return mappings;
}

// The process as it is now, to be searched.
class Memory {
 public:
  static bool IsReadable(pid_t pid) {
    std::ifstream memory(StrCat("/proc/", pid, "/mem"));
    return memory.good() && !MappingsOf(pid).empty();
  }
  explicit Memory(pid_t pid) {
    std::ifstream memory(StrCat("/proc/", pid, "/mem"), std::ios::binary);
    for (const Mapping& mapping : MappingsOf(pid)) {
      if (mapping.name == "[vvar]" || mapping.name == "[vsyscall]") continue;
      std::string bytes(mapping.end - mapping.begin, '\0');
      memory.clear();
      memory.seekg(static_cast<std::streamoff>(mapping.begin));
      memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      bytes.resize(static_cast<size_t>(memory.gcount()));
      parts_.emplace_back(mapping, std::move(bytes));
    }
  }
  // "[heap]+0x1f20 [stack]…": outside of protected memory, or within it.
  std::string Find(const std::string& wanted, bool is_protected = false) const {
    std::string places;
    for (const auto& [mapping, bytes] : parts_) {
      if (mapping.is_protected != is_protected) continue;
      for (size_t at = bytes.find(wanted); at != std::string::npos;
           at = bytes.find(wanted, at + 1)) {
        StrAppend(&places, mapping.name, "+0x", absl::Hex(at), " ");
      }
    }
    return places;
  }
  size_t protected_mappings() const {
    return static_cast<size_t>(std::count_if(
        parts_.begin(), parts_.end(), [](const auto& part) { return part.first.is_protected; }));
  }

 private:
  std::vector<std::pair<Mapping, std::string>> parts_;
};

class VaultMemory : public ::testing::Test {
 protected:
  VaultMemory()
      : tenant_(System::Get().CreateTenant(StrCat("memory-", ++tenants_))),
        workload_(Connect(tenant_.certificate_directory)),
        service_(Connect(System::Get().CertificateOf("tenant-data"))) {}

  // A connection of this test's own, which it can end.
  static std::shared_ptr<grpc::Channel> Connect(const std::string& certificate) {
    auto channel =
        rpc::CreateChannel(System::Get().installation().Address("vault"),
                           dev::Installation::ServiceId("vault"), rpc::TlsFiles{certificate});
    EXPECT_TRUE(channel.ok()) << channel.status();
    return *channel;
  }
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Ask(grpc::Status (Secrets::Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Reply*),
                            const Request& request) {
    return Invoke<Secrets>(workload_, System::Get().OwnerContext(tenant_), method, request);
  }

  // Begins with bytes that no other test and no program text has; repeats nothing.
  static std::string Canary(size_t size) {
    std::string text = "canary" + crypto::Hex(crypto::RandomBytes(16));
    while (text.size() < size) text += crypto::Hex(crypto::RandomBytes(16));
    text.resize(size);
    return text;
  }
  // What is searched for of a value: a piece of its middle and one of its end, since a buffer may
  // be half overwritten.
  static std::vector<std::string> PiecesOf(const std::string& canary) {
    return {canary.substr(0, 24), canary.substr(canary.size() / 2 - 12, 24),
            canary.substr(canary.size() - 24)};
  }
  void StoreAndRead(const std::string& path, const std::string& value) {
    vault::v1::CreateSecretRequest create;
    create.set_path(path);
    ASSERT_TRUE(Ask(&Secrets::Stub::CreateSecret, create).ok());
    vault::v1::AddSecretVersionRequest add;
    add.set_secret(path);
    add.set_payload(value);
    ASSERT_TRUE(Ask(&Secrets::Stub::AddSecretVersion, add).ok());
    vault::v1::AccessSecretVersionRequest access;
    access.set_secret(path);
    const auto reply = Ask(&Secrets::Stub::AccessSecretVersion, access);
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_EQ(reply->payload(), value);
  }
  void EncryptAndDecrypt(const std::string& value) {
    vault::v1::EncryptRequest encrypt;
    encrypt.set_key("memory");
    encrypt.set_plaintext(value);
    const auto sealed =
        Invoke<Crypto>(service_, System::ContextFor(tenant_.id), &Crypto::Stub::Encrypt, encrypt);
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    vault::v1::DecryptRequest decrypt;
    decrypt.set_key("memory");
    decrypt.set_ciphertext(sealed->ciphertext());
    const auto opened =
        Invoke<Crypto>(service_, System::ContextFor(tenant_.id), &Crypto::Stub::Decrypt, decrypt);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ASSERT_EQ(opened->plaintext(), value);
  }
  // Other calls on the same connections, which put other bytes where the last message was.
  void SayOtherThings() {
    for (int i = 0; i < 3; ++i) {
      vault::v1::ListSecretsRequest list;
      EXPECT_TRUE(Ask(&Secrets::Stub::ListSecrets, list).ok());
      EncryptAndDecrypt(std::string(64, 'x'));
    }
  }

  // Where the canaries that have these numbers are outside of protected memory; empty when nowhere.
  std::string FindAll(const std::vector<std::string>& canaries,
                      const std::vector<size_t>& numbers) {
    const Memory memory(VaultPid());
    std::string found;
    for (const size_t i : numbers) {
      for (const std::string& piece : PiecesOf(canaries[i])) {
        const std::string places = memory.Find(piece);
        if (!places.empty()) StrAppend(&found, "canary ", i, ": ", places, "\n");
      }
    }
    return found;
  }

  static int tenants_;
  TestTenant tenant_;
  std::shared_ptr<grpc::Channel> workload_;
  std::shared_ptr<grpc::Channel> service_;
};
int VaultMemory::tenants_ = 0;

TEST_F(VaultMemory, HoldsNothingOfWhatWentThroughIt) {
  if (!Memory::IsReadable(VaultPid())) {
    GTEST_SKIP() << "/proc/PID/mem of another process is not readable here (needs CAP_SYS_PTRACE)";
  }
  const std::vector<std::string> canaries{Canary(100), Canary(900), Canary(40'000), Canary(100),
                                          Canary(60'000)};
  StoreAndRead("small", canaries[0]);
  StoreAndRead("middle", canaries[1]);
  StoreAndRead("large", canaries[2]);
  EncryptAndDecrypt(canaries[3]);
  EncryptAndDecrypt(canaries[4]);

  std::ifstream seal_file(System::Get().installation().Path("vault.seal"), std::ios::binary);
  const std::string seal((std::istreambuf_iterator<char>(seal_file)), {});
  ASSERT_GE(seal.size(), 32u);

  // While the connections stay, their TLS buffers may hold pieces of large messages.
  std::string found;
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
    SayOtherThings();
    found = FindAll(canaries, {0, 1, 3});
    return found.empty();
  })) << found;
  workload_.reset();
  service_.reset();
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
    found = FindAll(canaries, {0, 1, 2, 3, 4});
    return found.empty();
  })) << found;
  EXPECT_EQ(Memory(VaultPid()).Find(seal.substr(0, 32)), "");

  // The search finds what is there, and knows protected memory when it sees it.
  const Memory memory(VaultPid());
  EXPECT_NE(memory.Find("vault.seal"), "");
  EXPECT_GT(memory.protected_mappings(), 0u);
}

TEST_F(VaultMemory, LeavesNoCoreFileAndCannotBeDumped) {
  const pid_t pid = VaultPid();
  std::ifstream limits(StrCat("/proc/", pid, "/limits"));
  std::string line;
  bool has_limit = false;
  while (std::getline(limits, line)) {
    if (!line.starts_with("Max core file size")) continue;
    std::istringstream words(line.substr(sizeof("Max core file size")));
    std::string soft, hard;
    words >> soft >> hard;
    EXPECT_EQ(soft, "0");
    EXPECT_EQ(hard, "0");
    has_limit = true;
  }
  EXPECT_TRUE(has_limit);
  // A process that cannot be dumped belongs to root in /proc, whoever runs it (proc(5)); with
  // another user's rights its memory cannot be opened. Under root this shows in the signal's
  // status.
  ASSERT_EQ(kill(pid, SIGABRT), 0);
  ASSERT_TRUE(WaitUntil(absl::Seconds(20), [pid] { return VaultPid() != pid; }));
  std::string last_exit;
  for (const auto& state : System::Get().supervisor().states()) {
    if (state.name == "vault") last_exit = state.last_exit;
  }
  EXPECT_EQ(last_exit, "signal 6 (Aborted)");
  for (const std::string& directory : {std::string("."), System::Get().directory()}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             directory, std::filesystem::directory_options::skip_permission_denied)) {
      const std::string name = entry.path().filename();
      EXPECT_FALSE(name == "core" || name.starts_with(StrCat("core.", pid))) << entry.path();
    }
  }
  EXPECT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
}

}  // namespace
}  // namespace kasbah::security_test
