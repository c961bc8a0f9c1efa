#include "services/tenant_data/domain/html_tree.h"

#include <time.h>

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kasbah::tenantdata {
namespace {

constexpr size_t kMaxBytes = 64 * 1024 * 1024;
constexpr size_t kBlockBytes = 256 * 1024;
#ifdef KASBAH_THREAD_SANITIZED
// Under which a parser takes ten times as long.
constexpr int64_t kMaxNanoseconds = 3'000'000'000;
#else
constexpr int64_t kMaxNanoseconds = 500'000'000;
#endif
// Allocations between two looks at the clock.
constexpr uint32_t kClockEvery = 64;

// Of this thread alone: a busy machine refuses nobody.
int64_t ProcessorNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

// All that Gumbo allocates, freed at once: its own release of a tree recurses as deep as the tree.
// Past its bounds an allocation does not return but jumps out of the parser, which is C and checks
// none of them.
class HtmlTree::Arena {
 public:
  explicit Arena(int64_t nanoseconds)
      : began_(ProcessorNanoseconds()), deadline_(began_ + nanoseconds) {}

  int64_t Spent() const { return ProcessorNanoseconds() - began_; }

  static void* Allocate(void* arena, size_t size) {
    auto* self = static_cast<Arena*>(arena);
    void* memory = self->Take(size);
    if (memory == nullptr) std::longjmp(self->give_up, 1);
    return memory;
  }
  static void Free(void*, void*) {}

  std::jmp_buf give_up;

 private:
  void* Take(size_t size) {
    if (++allocations_ % kClockEvery == 0 && ProcessorNanoseconds() > deadline_) return nullptr;
    constexpr size_t kAlignment = alignof(std::max_align_t);
    const size_t rounded = (size + kAlignment - 1) & ~(kAlignment - 1);
    if (rounded < size || rounded > kMaxBytes - taken_) return nullptr;
    taken_ += rounded;
    if (rounded > left_) {
      const size_t block = rounded > kBlockBytes ? rounded : kBlockBytes;
      blocks_.push_back(std::make_unique<std::byte[]>(block));
      next_ = blocks_.back().get();
      left_ = block;
    }
    void* memory = next_;
    next_ += rounded;
    left_ -= rounded;
    return memory;
  }

  const int64_t began_;
  const int64_t deadline_;
  uint32_t allocations_ = 0;
  size_t taken_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
};

HtmlTree::HtmlTree(std::string_view html, int64_t nanoseconds)
    : html_(html), arena_(std::make_unique<Arena>(nanoseconds)) {}

HtmlTree::~HtmlTree() = default;

std::unique_ptr<HtmlTree> HtmlTree::Parse(std::string_view html, ParsingTime* time) {
  if (time->left() == 0) return nullptr;
  std::unique_ptr<HtmlTree> tree(new HtmlTree(html, std::min(kMaxNanoseconds, time->left())));
  // Nothing between here and the parser has a destructor that the jump would miss.
  if (setjmp(tree->arena_->give_up) != 0) {
    time->Spend(tree->arena_->Spent());
    return nullptr;
  }
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = &Arena::Allocate;
  options.deallocator = &Arena::Free;
  options.userdata = tree->arena_.get();
  options.max_errors = 0;
  options.fragment_context = GUMBO_TAG_DIV;
  tree->output_ = gumbo_parse_with_options(&options, tree->html_.data(), tree->html_.size());
  time->Spend(tree->arena_->Spent());
  return tree;
}

}  // namespace kasbah::tenantdata
