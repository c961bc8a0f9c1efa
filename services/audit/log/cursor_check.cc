// The self-check of the relays' cursors: each is signed as it stands, and none goes back.

#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "services/audit/log/self_check.h"

namespace kasbah::audit {
namespace {

using receiver_store::CursorRow;

// What is signed of a cursor. Cannot be taken for a note: those begin with an origin.
std::string SealText(const CursorRow& row) {
  return StrCat("kasbah cursor 1\n", row.key.source, "\n", row.key.shard, "\n",
                row.key.epoch.ToString(), "\n", row.cursor.last_batch, "\n",
                crypto::Hex(row.cursor.digest), "\n");
}

std::string PlaceOf(const CursorKey& key) {
  return StrCat("cursor of ", key.source, " ", key.shard, " ", key.epoch.ToString());
}

}  // namespace

absl::Status SelfCheck::CheckCursors() {
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  ASSIGN_OR_RETURN(const auto verifier, crypto::Ed25519PublicKey::FromRaw(signer->public_key()));
  std::vector<CursorSeal> seals;
  std::map<CursorKey, outbox::ReceiverCursor> cursors;
  // Seals first: a cursor that moves meanwhile is ahead of its seal, as it should be.
  RETURN_IF_ERROR(
      door_.Run(absl::Now() + absl::Seconds(20), [&](postgres::Transaction& tx) -> absl::Status {
        auto sealed = self_check_store::ReadSeals(tx);
        auto rows = self_check_store::ReadCursors(tx);
        ASSIGN_OR_RETURN(seals, sealed.Await());
        ASSIGN_OR_RETURN(const auto found, rows.Await());
        cursors.clear();
        for (const CursorRow& row : found) cursors[row.key] = row.cursor;
        return absl::OkStatus();
      }));
  std::vector<Damage> damages;
  std::map<CursorKey, outbox::ReceiverCursor> sound = cursors;
  for (const CursorSeal& seal : seals) {
    const auto cursor = cursors.find(seal.row.key);
    const bool seal_holds = verifier.Verify(SealText(seal.row), seal.signature);
    if (cursor == cursors.end()) {
      damages.push_back({damage::kCursorMissing, PlaceOf(seal.row.key)});
    } else if (!seal_holds || cursor->second.last_batch < seal.row.cursor.last_batch ||
               (cursor->second.last_batch == seal.row.cursor.last_batch &&
                cursor->second.digest != seal.row.cursor.digest)) {
      damages.push_back({damage::kCursorChanged, PlaceOf(seal.row.key)});
      sound.erase(seal.row.key);
    }
  }
  std::vector<CursorSeal> renewed;
  for (auto& [key, cursor] : sound) {
    CursorSeal seal{{key, std::move(cursor)}, ""};
    seal.signature = signer->Sign(SealText(seal.row));
    renewed.push_back(std::move(seal));
  }
  return door_.Run(absl::Now() + absl::Seconds(20), [&](postgres::Transaction& tx) {
    self_check_store::SaveDamage(tx, kSystemTenant, damages, clock_.Now());
    self_check_store::SaveSeals(tx, renewed);
    return absl::OkStatus();
  });
}

}  // namespace kasbah::audit
