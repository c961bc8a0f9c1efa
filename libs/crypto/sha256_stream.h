#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace kasbah::crypto {

// SHA-256 (FIPS 180-4) of bytes that come one after the other. Not thread safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void Update(std::string_view bytes);
  // 32 bytes, of what came so far.
  std::string Current() const;
  // The same. Nothing may follow.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::crypto
