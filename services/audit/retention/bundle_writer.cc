#include "services/audit/retention/bundle_writer.h"

#include <istream>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/sha256_stream.h"
#include "libs/merkle/archive_verifier.h"
#include "libs/merkle/export_range.h"
#include "libs/merkle/personal_file.h"
#include "services/audit/domain/event_body.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/retention/object_buffer.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {
namespace {

constexpr int kPage = 500;

absl::Status Damaged(std::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED", StrCat("the log is damaged: ", what));
}

// One object on its way, measured and hashed.
class Member {
 public:
  static absl::StatusOr<Member> Open(objects::ObjectStore& store, const objects::ObjectKey& key) {
    // What an earlier try left.
    RETURN_IF_ERROR(store.Delete(key));
    ASSIGN_OR_RETURN(std::unique_ptr<objects::ObjectWriter> writer, store.Write(key));
    return Member(std::move(writer));
  }
  absl::Status Append(const std::string& bytes) {
    size_ += bytes.size();
    hash_.Update(bytes);
    return writer_->Append(bytes);
  }
  // Its SHA-256.
  absl::StatusOr<std::string> Commit() {
    RETURN_IF_ERROR(writer_->Commit());
    return hash_.Finish();
  }
  uint64_t size() const { return size_; }

 private:
  explicit Member(std::unique_ptr<objects::ObjectWriter> writer) : writer_(std::move(writer)) {}
  std::unique_ptr<objects::ObjectWriter> writer_;
  crypto::Sha256Stream hash_;
  uint64_t size_ = 0;
};

// A bundle's two members while they are written.
class Bundle {
 public:
  Bundle(postgres::Database& database, const CallContext& call, const Archive& archive,
         const merkle::Checkpoint& checkpoint, const crypto::Ed25519Key& key, Member events,
         Member personal)
      : database_(database),
        call_(call),
        archive_(archive),
        size_(checkpoint.size),
        lines_(checkpoint, merkle::RangeFilter({archive.first, archive.past}), key),
        nodes_(call.tenant, checkpoint.size),
        events_(std::move(events)),
        personal_(std::move(personal)) {}

  absl::Status Write() {
    ASSIGN_OR_RETURN(const std::string header, lines_.Header());
    RETURN_IF_ERROR(events_.Append(header));
    for (uint64_t next = archive_.first; next < archive_.past;) {
      ASSIGN_OR_RETURN(std::vector<EventRecord> page, ReadPage(next));
      if (page.empty()) return Damaged(StrCat("event ", next, " is missing"));
      for (EventRecord& record : page) {
        if (record.sequence != next++) return Damaged(StrCat("event ", next - 1, " is missing"));
        RETURN_IF_ERROR(Add(std::move(record)));
      }
      nodes_.ForgetLeavesBefore(next);
    }
    ASSIGN_OR_RETURN(const std::string trailer, lines_.Trailer());
    return events_.Append(trailer);
  }
  Member& events() { return events_; }
  Member& personal() { return personal_; }

 private:
  absl::StatusOr<std::vector<EventRecord>> ReadPage(uint64_t next) {
    return database_.WithTenantInAnyState(
        call_, postgres::AnyStateToken::ForRetention(),
        [&](postgres::Transaction& tx) -> absl::StatusOr<std::vector<EventRecord>> {
          ASSIGN_OR_RETURN(
              std::vector<EventRecord> records,
              event_store::Read(tx, call_.tenant, {next, archive_.past}, kPage).Await());
          std::vector<merkle::NodeId> wanted;
          for (const EventRecord& record : records) {
            const auto nodes = merkle::InclusionNodes(record.sequence, size_);
            wanted.insert(wanted.end(), nodes.begin(), nodes.end());
          }
          RETURN_IF_ERROR(nodes_.Load(tx, wanted));
          return records;
        });
  }

  absl::Status Add(EventRecord record) {
    if (!record.leaf) return Damaged(StrCat("the leaf of event ", record.sequence, " is missing"));
    ASSIGN_OR_RETURN(const outbox::v1::AuditEvent body, ParseBody(record.body));
    const merkle::PersonalEntry entry{record.sequence, merkle::FormatLogTime(record.recorded_at),
                                      body.actor().id(), std::move(record.personal)};
    if (!entry.empty()) RETURN_IF_ERROR(personal_.Append(merkle::PersonalLine(entry)));
    merkle::ExportedEvent event;
    event.sequence = record.sequence;
    event.body = std::move(record.body);
    event.leaf = *std::move(record.leaf);
    ASSIGN_OR_RETURN(event.proof, merkle::BuildInclusion(event.sequence, size_, nodes_));
    ASSIGN_OR_RETURN(const std::string line, lines_.Line(event));
    return events_.Append(line);
  }

  postgres::Database& database_;
  const CallContext& call_;
  const Archive& archive_;
  const uint64_t size_;
  merkle::ExportWriter lines_;
  LogNodes nodes_;
  Member events_;
  Member personal_;
};

}  // namespace

absl::StatusOr<merkle::Checkpoint> BundleWriter::CheckpointFor(const CallContext& call,
                                                               uint64_t past) {
  ASSIGN_OR_RETURN(const std::optional<HeadState> head,
                   database_.WithTenantInAnyState(call, postgres::AnyStateToken::ForRetention(),
                                                  [&](postgres::Transaction& tx) {
                                                    return checkpoint_store::Find(tx, call.tenant);
                                                  }));
  if (!head || !head->last || head->last->size < past) {
    return absl::UnavailableError("no checkpoint of these events is signed yet");
  }
  ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(head->last->root));
  return merkle::Checkpoint{checkpointer_.OriginOf(call.tenant), head->last->size, root};
}

absl::Status BundleWriter::Write(const CallContext& call, Archive* archive) {
  ASSIGN_OR_RETURN(const auto key, key_.Get());
  ASSIGN_OR_RETURN(const merkle::Checkpoint checkpoint, CheckpointFor(call, archive->past));
  ASSIGN_OR_RETURN(Member events, Member::Open(objects_, {call.tenant, archive->events_object}));
  ASSIGN_OR_RETURN(Member personal,
                   Member::Open(objects_, {call.tenant, archive->personal_object}));
  Bundle bundle(database_, call, *archive, checkpoint, *key, std::move(events),
                std::move(personal));
  RETURN_IF_ERROR(bundle.Write());
  ASSIGN_OR_RETURN(std::string digest, bundle.events().Commit());
  RETURN_IF_ERROR(bundle.personal().Commit().status());
  archive->events_bytes = bundle.events().size();
  archive->personal_bytes = bundle.personal().size();
  const merkle::ArchiveManifest manifest{checkpoint.origin, archive->name,   archive->first,
                                         archive->past,     checkpoint.size, std::move(digest)};
  ASSIGN_OR_RETURN(archive->manifest, merkle::SignNote(manifest.ToText(), checkpoint.origin, *key));
  return Verify(*archive, *key);
}

absl::Status BundleWriter::Verify(const Archive& archive, const crypto::Ed25519Key& key) {
  ASSIGN_OR_RETURN(
      const merkle::VerifierKey verifier,
      merkle::VerifierKey::Create(checkpointer_.OriginOf(archive.tenant), key.public_key()));
  ObjectBuffer events(objects_, {archive.tenant, archive.events_object}, archive.events_bytes);
  ObjectBuffer personal(objects_, {archive.tenant, archive.personal_object},
                        archive.personal_bytes);
  std::istream events_stream(&events);
  std::istream personal_stream(&personal);
  const merkle::ArchiveVerdict verdict =
      merkle::VerifyArchive(events_stream, personal_stream, archive.manifest, verifier);
  RETURN_IF_ERROR(events.status());
  RETURN_IF_ERROR(personal.status());
  if (verdict.ok()) return absl::OkStatus();
  return Damaged(StrCat("bundle ", archive.name, ": ", *verdict.fault));
}

}  // namespace kasbah::audit
