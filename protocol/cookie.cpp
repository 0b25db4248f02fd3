#include "protocol/cookie.h"

#include "crypto/aead.h"

#include "protocol/limits.h"

namespace wgns {

namespace {

Hash mac1_key_of(const PublicKey& receiver) noexcept {
    return blake2s({bytes_of("mac1----"), receiver.bytes});
}

AeadKey cookie_key_of(const PublicKey& receiver) noexcept {
    return AeadKey(blake2s({bytes_of("cookie--"), receiver.bytes}));
}

}  // namespace

MacChecker::MacChecker(const PublicKey& self, Entropy& entropy) noexcept
    : entropy_(entropy), mac1_key_(mac1_key_of(self)), cookie_key_(cookie_key_of(self)) {}

MacState MacChecker::check(Bytes message, const Endpoint& from, TimePoint now) noexcept {
    const Mac mac1 = blake2s_mac(mac1_key_, {before_mac1(message)});
    if (!equal_constant_time(mac1, mac1_of(message))) return MacState::invalid;
    // No cookie, as most have none, and strangers more than others: needs no hash to be told.
    if (equal_constant_time(mac2_of(message), Mac{})) return MacState::mac1_only;
    // A secret too old has no cookies that still count; making a new one for every stranger is
    // needless work.
    if (secret_made_at_.is_never() || now - secret_made_at_ >= limits::cookie_secret_lifetime)
        return MacState::mac1_only;
    const Mac mac2 = blake2s_mac(cookie_for(from, now), {before_mac2(message)});
    return equal_constant_time(mac2, mac2_of(message)) ? MacState::with_cookie
                                                       : MacState::mac1_only;
}

CookieReplyMessage MacChecker::cookie_reply(Bytes message, const Endpoint& from,
                                            TimePoint now) noexcept {
    CookieReplyMessage reply{};
    const MutableBytes bytes = reply;
    store_le(bytes, MessageType::cookie_reply);
    store_le(bytes.subspan(4), sender_of(message));
    const auto nonce = bytes.subspan<CookieReplyView::nonce_at, 24>();
    entropy_.fill(nonce);
    xaead_seal(cookie_key_, nonce, mac1_of(message), cookie_for(from, now),
               bytes.subspan(CookieReplyView::cookie_at));
    return reply;
}

Mac MacChecker::cookie_for(const Endpoint& from, TimePoint now) noexcept {
    if (secret_made_at_.is_never() || now - secret_made_at_ >= limits::cookie_secret_lifetime) {
        entropy_.fill(secret_.mutable_bytes());
        secret_made_at_ = now;
    }
    std::array<std::uint8_t, 2> port;
    store_be(port, from.port);
    return blake2s_mac(secret_.bytes(), {from.address.bytes(), port});
}

MacStamper::MacStamper(const PublicKey& remote) noexcept
    : mac1_key_(mac1_key_of(remote)), cookie_key_(cookie_key_of(remote)) {}

void MacStamper::stamp(MutableBytes message, TimePoint now) noexcept {
    const Mac mac1 = blake2s_mac(mac1_key_, {before_mac1(message)});
    copy_bytes(message.last(2 * mac_size), mac1);
    unanswered_mac1_ = mac1;
    Mac mac2{};
    if (cookie_ && now - cookie_at_ < limits::cookie_lifetime)
        mac2 = blake2s_mac(*cookie_, {before_mac2(message)});
    copy_bytes(message.last(mac_size), mac2);
}

bool MacStamper::consume(const CookieReplyView& reply, TimePoint now) noexcept {
    if (!unanswered_mac1_) return false;
    Mac cookie;
    if (!xaead_open(cookie_key_, reply.nonce(), *unanswered_mac1_, reply.sealed_cookie(), cookie))
        return false;
    cookie_ = cookie;
    cookie_at_ = now;
    unanswered_mac1_.reset();
    return true;
}

}  // namespace wgns
