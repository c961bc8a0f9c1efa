#include "cli/tour/receiver.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/secret_bytes.h"
#include "libs/dev/probe.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

constexpr absl::Duration kClockTolerance = absl::Minutes(5);

std::string Header(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto header = headers.find(name);
  return header == headers.end() ? "" : header->second;
}

// One of the space-separated "v1,<base64>" has to be ours.
bool HasSignature(const std::string& header, const std::string& mac) {
  for (const std::string& signature : std::vector<std::string>(absl::StrSplit(header, ' '))) {
    if (!signature.starts_with("v1,")) continue;
    const auto bytes = crypto::ParseBase64(signature.substr(3));
    if (bytes.ok() && crypto::ConstantTimeEquals(*bytes, mac)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Arrival> ReadDelivery(const std::map<std::string, std::string>& headers,
                                     const std::string& body, const std::string& secret,
                                     absl::Time now) {
  const std::string id = Header(headers, "webhook-id");
  const std::string timestamp = Header(headers, "webhook-timestamp");
  int64_t seconds = 0;
  if (id.empty() || !absl::SimpleAtoi(timestamp, &seconds)) {
    return absl::UnauthenticatedError("webhook-id or webhook-timestamp is missing");
  }
  if (absl::AbsDuration(now - absl::FromUnixSeconds(seconds)) > kClockTolerance) {
    return absl::UnauthenticatedError("the timestamp is too far from now");
  }
  if (!secret.starts_with("whsec_")) return absl::InvalidArgumentError("no whsec_ secret");
  ASSIGN_OR_RETURN(const std::string key, crypto::ParseBase64(secret.substr(6)));
  const std::string mac =
      crypto::HmacSha256(crypto::SecretBytes::Copy(key), StrCat(id, ".", timestamp, ".", body));
  if (!HasSignature(Header(headers, "webhook-signature"), mac)) {
    return absl::UnauthenticatedError("no signature verifies");
  }
  const nlohmann::json message = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object()) return absl::InvalidArgumentError("the body is no JSON object");
  return Arrival{id, message.value("type", ""), message.value("resource_id", "")};
}

absl::StatusOr<std::unique_ptr<Receiver>> Receiver::Create() {
  ASSIGN_OR_RETURN(const int port, dev::PickFreePort());
  return std::unique_ptr<Receiver>(new Receiver(port));
}

std::string Receiver::url() const { return StrCat("http://127.0.0.1:", port_, "/hooks"); }

void Receiver::SetSecret(const std::string& secret) {
  std::lock_guard<std::mutex> hold(mutex_);
  secret_ = secret;
}

absl::Status Receiver::ComeUp() {
  ASSIGN_OR_RETURN(
      server_, http::Server::Start(StrCat("127.0.0.1:", port_),
                                   [this](const http::Request& request) { return Take(request); }));
  return absl::OkStatus();
}

void Receiver::GoDown() { server_.reset(); }

http::Response Receiver::Take(const http::Request& request) {
  std::lock_guard<std::mutex> hold(mutex_);
  const auto arrival = ReadDelivery(request.headers, request.body, secret_, absl::Now());
  http::Response response;
  if (arrival.ok()) {
    arrivals_.push_back(*arrival);
  } else {
    ++refused_;
    response.status = 401;
  }
  return response;
}

std::vector<Arrival> Receiver::arrivals() const {
  std::lock_guard<std::mutex> hold(mutex_);
  return arrivals_;
}

int Receiver::refused() const {
  std::lock_guard<std::mutex> hold(mutex_);
  return refused_;
}

}  // namespace kasbah::cli
