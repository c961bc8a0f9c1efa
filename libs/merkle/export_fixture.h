#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "libs/base/strings.h"
#include "libs/crypto/ed25519.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/export_verifier.h"
#include "libs/merkle/proof.h"

namespace kasbah::merkle {

// A log of a few events, built by hand.
class SmallLog : public NodeSource {
 public:
  explicit SmallLog(uint64_t size)
      : tenant_(TenantId::New(absl::FromUnixSeconds(1'790'000'000))),
        key_(crypto::Ed25519Key::Generate()) {
    Grow(size);
  }
  void Grow(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) Add(events_.size());
  }

  absl::StatusOr<Hash> Node(NodeId id) override {
    const uint64_t width = uint64_t{1} << id.level;
    return RootOf(id.index * width, width);
  }

  ExportedEvent& event(uint64_t i) { return events_[i]; }

  Checkpoint Head() const {
    Frontier frontier;
    for (const ExportedEvent& event : events_) frontier.Append(LeafHash(event.leaf));
    return {Origin(), frontier.size(), frontier.Root()};
  }

  // The file of the events in `chosen`.
  std::string Export(const std::vector<uint64_t>& chosen, const std::string& filter) {
    ExportWriter writer(Head(), filter, key_);
    std::string file = writer.Header().value();
    for (const uint64_t i : chosen) {
      ExportedEvent event = events_[i];
      event.proof = BuildInclusion(i, events_.size(), *this).value();
      file += writer.Line(event).value();
    }
    return file + writer.Trailer().value();
  }
  std::string ExportAll() {
    std::vector<uint64_t> all;
    for (uint64_t i = 0; i < events_.size(); ++i) all.push_back(i);
    return Export(all, "{}");
  }

  VerifierKey Key() const { return VerifierKey::Create(Origin(), key_.public_key()).value(); }
  ExportVerdict Verify(const std::string& file) const {
    std::istringstream stream(file);
    return VerifyExport(stream, Key());
  }
  const crypto::Ed25519Key& signer() const { return key_; }
  std::string Origin() const { return StrCat("kasbah.dev/audit/", tenant_.ToString()); }

 private:
  void Add(uint64_t i) {
    const absl::Time time = absl::FromUnixSeconds(1'790'000'000) + absl::Milliseconds(i);
    ExportedEvent event;
    event.sequence = i;
    Leaf leaf;
    leaf.tenant = tenant_;
    leaf.event_id = EventId::New(time);
    leaf.occurred_at = leaf.recorded_at = time;
    event.body = StrCat("{\"event_id\":\"", leaf.event_id.ToString(),
                        "\",\"action\":\"secret.create\",\"attributes\":{\"n\":\"}\\n\"}}");
    leaf.body = Sha256Of(event.body);
    const std::string salt(kSaltSize, static_cast<char>('a' + i));
    event.personal[0] = DisclosedValue{salt, "192.0.2.1"};
    event.personal[2] = DisclosedValue{salt, "Ada \x1f\"Lovelace\""};
    leaf.personal[0] = CommitPersonal(kPersonalFields[0], salt, event.personal[0]->value);
    leaf.personal[2] = CommitPersonal(kPersonalFields[2], salt, event.personal[2]->value);
    event.leaf = leaf.Serialize();
    events_.push_back(std::move(event));
  }

  Hash RootOf(uint64_t begin, uint64_t width) const {
    if (width == 1) return LeafHash(events_[begin].leaf);
    return NodeHash(RootOf(begin, width / 2), RootOf(begin + width / 2, width / 2));
  }

  TenantId tenant_;
  crypto::Ed25519Key key_;
  std::vector<ExportedEvent> events_;
};

}  // namespace kasbah::merkle
