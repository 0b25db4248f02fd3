#include "bench/flood/junk.h"

#include "bench/flood/fail.h"
#include "crypto/aead.h"

namespace wgns::bench {

namespace {

constexpr std::size_t size_max = 1400, data_size = 128;
constexpr int tries_max = 20;
constexpr std::chrono::milliseconds patience{250};

void forge_initiation(std::vector<std::uint8_t>& out, Entropy& entropy) {
    out.resize(initiation_size);
    entropy.fill(out);
    store_le(MutableBytes(out), MessageType::initiation);
}

void forge_data(std::vector<std::uint8_t>& out, std::uint32_t receiver, Entropy& entropy) {
    out.resize(data_size);
    entropy.fill(out);
    write_data_header(out, receiver, entropy.next_u32() % 1024);
}

// A keepalive, which is taken the first time.
void seal_once(std::vector<std::uint8_t>& out, const SessionKeys& session) {
    out.resize(data_overhead);
    write_data_header(out, session.remote_index, 0);
    aead_seal(session.send, 0, {}, {}, MutableBytes(out).subspan(data_header_size));
}

}  // namespace

// More than once: a flood before may have put the daemon under load.
void Insider::connect(const Clock& clock) {
    for (int tried = 0; tried < tries_max; ++tried) {
        const InitiationMessage message = peer_.initiate(clock.moment());
        link_.send({&message, 1});
        link_.wait(patience);
        for (const Bytes datagram : link_.receive()) {
            if (const auto reply = CookieReplyView::parse(datagram))
                peer_.take_cookie(*reply, clock.now());
            const auto view = ResponseView::parse(datagram);
            auto keys = view ? peer_.take_response(*view) : std::nullopt;
            if (!keys) continue;
            session_ = std::move(*keys);
            return;
        }
    }
    fail("the daemon does not answer its peer");
}

Datagrams make_junk(const std::string& kind, const PublicKey& daemon, const Insider& insider,
                    TimePoint now) {
    SystemEntropy entropy;
    MacStamper stamper(daemon);
    Datagrams junk(Link::batch_max);
    for (auto& each : junk) {
        if (kind == "random") {
            each.resize(1 + entropy.next_u32() % size_max);
            entropy.fill(each);
        } else if (kind == "index") {
            forge_data(each, entropy.next_u32(), entropy);
        } else if (kind == "tag") {
            forge_data(each, insider.session().remote_index, entropy);
        } else if (kind == "replay") {
            seal_once(each, insider.session());
        } else {
            forge_initiation(each, entropy);
            if (kind == "garbage") continue;
            stamper.stamp(each, now);
            // Whoever floods lets us look for a cookie as well.
            entropy.fill(MutableBytes(each).last(mac_size));
        }
    }
    return junk;
}

}  // namespace wgns::bench
