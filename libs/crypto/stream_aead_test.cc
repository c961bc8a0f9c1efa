#include "libs/crypto/stream_aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/sha256_stream.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::crypto::stream_aead {
namespace {

using ::kasbah::testing::ReasonIs;

constexpr auto kSegment = static_cast<int64_t>(kSegmentSize);
const SecretBytes& Key() {
  static const SecretBytes* key = new SecretBytes(SecretBytes::Copy(std::string(32, 'k')));
  return *key;
}

std::string Text(int64_t size) {
  std::string text;
  for (int64_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i * 31 + i / 251));
  return text;
}

std::string SealAll(std::string_view plaintext, std::string_view context = "c", size_t piece = 0) {
  Sealer sealer(Key(), context);
  std::string sealed;
  while (piece > 0 && !plaintext.empty()) {
    sealer.Update(plaintext.substr(0, piece), &sealed);
    plaintext.remove_prefix(std::min(piece, plaintext.size()));
  }
  sealer.Update(plaintext, &sealed);
  sealer.Finish(&sealed);
  return sealed;
}

absl::StatusOr<std::string> OpenAll(std::string_view sealed, int64_t size,
                                    std::string_view context = "c") {
  auto opener = Opener::Create(Key(), context, sealed.substr(0, kHeaderSize), size);
  if (!opener.ok()) return opener.status();
  std::string plaintext;
  for (int64_t i = 0; i < opener->segments(); ++i) {
    const auto at = static_cast<size_t>(opener->Offset(i));
    auto opened = opener->Open(i, at > sealed.size() ? "" : sealed.substr(at, opener->SizeOf(i)));
    if (!opened.ok()) return opened.status();
    plaintext += *opened;
  }
  return plaintext;
}

// The sealed segments of a stream.
std::vector<std::string> Segments(const std::string& sealed) {
  std::vector<std::string> segments;
  for (size_t at = kHeaderSize; at < sealed.size(); at += kSealedSegmentSize) {
    segments.push_back(sealed.substr(at, kSealedSegmentSize));
  }
  return segments;
}
std::string Join(const std::string& header, const std::vector<std::string>& segments) {
  std::string sealed = header.substr(0, kHeaderSize);
  for (const std::string& segment : segments) sealed += segment;
  return sealed;
}

TEST(StreamAead, EverySizeComesBackWhateverThePieces) {
  for (const int64_t size : {int64_t{0}, int64_t{1}, kSegment - 1, kSegment, kSegment + 1,
                             2 * kSegment, 2 * kSegment + 77, 5 * kSegment}) {
    const std::string text = Text(size);
    for (const size_t piece : {size_t{0}, size_t{1000}, kSegmentSize, size_t{200'000}}) {
      const std::string sealed = SealAll(text, "c", piece);
      EXPECT_EQ(static_cast<int64_t>(sealed.size()), SealedSize(size));
      ASSERT_OK_AND_ASSIGN(const std::string opened, OpenAll(sealed, size));
      EXPECT_TRUE(opened == text) << size << " in pieces of " << piece;
    }
  }
}

TEST(StreamAead, AnySegmentOpensAlone) {
  const std::string text = Text(3 * kSegment + 5);
  const std::string sealed = SealAll(text);
  ASSERT_OK_AND_ASSIGN(const Opener opener,
                       Opener::Create(Key(), "c", sealed.substr(0, kHeaderSize), 3 * kSegment + 5));
  ASSERT_OK_AND_ASSIGN(
      const std::string opened,
      opener.Open(2, sealed.substr(static_cast<size_t>(opener.Offset(2)), opener.SizeOf(2))));
  EXPECT_TRUE(opened == text.substr(2 * kSegmentSize, kSegmentSize));
}

TEST(StreamAead, EveryFlippedByteIsFound) {
  const std::string text = Text(300);
  const std::string sealed = SealAll(text);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_THAT(OpenAll(changed, 300), ReasonIs("OPEN_FAILED")) << i;
  }
  // And in a segment that is not the last: its ends, its tag, and bytes of its middle.
  const std::string longer = SealAll(Text(2 * kSegment));
  for (size_t i = kHeaderSize; i < longer.size(); i += 4001) {
    std::string changed = longer;
    changed[i] = static_cast<char>(changed[i] ^ 0x80);
    ASSERT_THAT(OpenAll(changed, 2 * kSegment), ReasonIs("OPEN_FAILED")) << i;
  }
}

TEST(StreamAead, ACutStreamDoesNotOpenAtAnyLengthThatIsClaimed) {
  const std::string sealed = SealAll(Text(3 * kSegment));
  const std::vector<std::string> segments = Segments(sealed);
  ASSERT_EQ(segments.size(), 3u);
  const std::string cut = Join(sealed, {segments[0], segments[1]});
  EXPECT_THAT(OpenAll(cut, 3 * kSegment), ReasonIs("OPEN_FAILED"));
  // Nor where somebody changes the size to fit: the segment that is last now was not sealed so.
  EXPECT_THAT(OpenAll(cut, 2 * kSegment), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(OpenAll(Join(sealed, {}), 0), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(OpenAll(sealed.substr(0, sealed.size() - 1), 3 * kSegment - 1),
              ReasonIs("OPEN_FAILED"));
}

TEST(StreamAead, AStreamCannotBeMadeLonger) {
  const std::string sealed = SealAll(Text(kSegment));
  const std::string segment = Segments(sealed)[0];
  EXPECT_THAT(OpenAll(Join(sealed, {segment, segment}), 2 * kSegment), ReasonIs("OPEN_FAILED"));
}

TEST(StreamAead, SegmentsThatAreMovedDoubledOrOfAnotherStreamDoNotOpen) {
  const std::string text = Text(4 * kSegment);
  const std::string one = SealAll(text);
  const std::string two = SealAll(text);
  const std::vector<std::string> a = Segments(one);
  const std::vector<std::string> b = Segments(two);
  const auto opens = [&](const std::vector<std::string>& segments) {
    return OpenAll(Join(one, segments), 4 * kSegment);
  };
  ASSERT_OK(opens({a[0], a[1], a[2], a[3]}));
  EXPECT_THAT(opens({a[1], a[0], a[2], a[3]}), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(opens({a[0], a[1], a[1], a[3]}), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(opens({a[0], b[1], a[2], a[3]}), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(opens({a[0], a[1], a[3], a[2]}), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(opens({b[0], b[1], b[2], b[3]}), ReasonIs("OPEN_FAILED"));
}

TEST(StreamAead, AnotherKeyOrContextDoesNotOpen) {
  const std::string sealed = SealAll("hello", "file 1");
  EXPECT_OK(OpenAll(sealed, 5, "file 1"));
  EXPECT_THAT(OpenAll(sealed, 5, "file 2"), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(Opener::Create(SecretBytes::Copy(std::string(32, 'q')), "file 1",
                             sealed.substr(0, kHeaderSize), 5),
              ReasonIs("OPEN_FAILED"));
}

TEST(StreamAead, NoTwoStreamsAreAlike) { EXPECT_NE(SealAll("same"), SealAll("same")); }

TEST(Sha256Stream, IsTheSameInPieces) {
  Sha256Stream stream;
  for (const char* piece : {"", "hel", "lo", ""}) stream.Update(piece);
  EXPECT_EQ(stream.Finish(), Sha256("hello"));
  EXPECT_EQ(Sha256Stream().Finish(), Sha256(""));
}

TEST(Sha256Stream, SaysWhatCameSoFarAndGoesOn) {
  Sha256Stream stream;
  stream.Update("hel");
  EXPECT_EQ(stream.Current(), Sha256("hel"));
  stream.Update("lo");
  EXPECT_EQ(stream.Current(), Sha256("hello"));
  EXPECT_EQ(stream.Finish(), Sha256("hello"));
}

// The format, frozen: what was sealed once opens for ever. Computed with Python's hmac and
// cryptography packages.
TEST(StreamAead, TheFormatStaysWhatItWas) {
  Sealer sealer(Key(), "context", std::string(32, 's'));
  std::string sealed;
  sealer.Update("frozen", &sealed);
  sealer.Finish(&sealed);
  EXPECT_EQ(Hex(sealed),
            "010002737373737373737373737373737373737373737373737373737373737373737366274a66b0"
            "338935bd1a91b92db7b14ae9dd8ecc512a069d039d7f263016fcfb"
            "fe229b3696eefa05984c12a81206731bd12d1026a1f0");
}

}  // namespace
}  // namespace kasbah::crypto::stream_aead
