// The macs that a handshake message ends with, and the cookies that answer a flood
// (whitepaper 5.3, 5.4.4, 5.4.7).
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/ip_address.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "protocol/messages.h"

namespace wgns {

enum class MacState { invalid, mac1_only, with_cookie };

// Our side of what others send: checks their macs and makes cookies.
class MacChecker {
public:
    MacChecker(const PublicKey& self, Entropy& entropy) noexcept;

    // `message` is an initiation or a response; `from` its sender, whose address and port a cookie
    // is bound to.
    [[nodiscard]] MacState check(Bytes message, const Endpoint& from, TimePoint now) noexcept;
    [[nodiscard]] CookieReplyMessage cookie_reply(Bytes message, const Endpoint& from,
                                                  TimePoint now) noexcept;

private:
    [[nodiscard]] Mac cookie_for(const Endpoint& from, TimePoint now) noexcept;

    Entropy& entropy_;
    Hash mac1_key_;
    AeadKey cookie_key_;
    AeadKey secret_;  // 32 random bytes, new every 120 s
    TimePoint secret_made_at_;
};

// Our side of what we send to one peer: stamps macs, and takes the cookies that come back.
class MacStamper {
public:
    explicit MacStamper(const PublicKey& remote) noexcept;

    // Writes mac1, and mac2 while a fresh cookie is held (else zeros).
    void stamp(MutableBytes message, TimePoint now) noexcept;
    // False: nothing was sent that it could answer, or it is not authentic. A cookie is taken once
    // for each mac1.
    [[nodiscard]] bool consume(const CookieReplyView& reply, TimePoint now) noexcept;

private:
    Hash mac1_key_;
    AeadKey cookie_key_;
    std::optional<Mac> unanswered_mac1_;
    std::optional<Mac> cookie_;
    TimePoint cookie_at_;
};

}  // namespace wgns
