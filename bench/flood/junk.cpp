#include "bench/flood/junk.h"

#include "bench/flood/fail.h"
#include "crypto/aead.h"

namespace wgns::bench {

namespace {

constexpr std::size_t size_max = 1400, data_size = 128;

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

void Insider::connect(Moment moment) {
    const InitiationMessage message = peer_.initiate(moment);
    link_.send({&message, 1});
    link_.wait(std::chrono::seconds(1));
    for (const Bytes datagram : link_.receive())
        if (const auto view = ResponseView::parse(datagram))
            if (auto keys = peer_.take_response(*view)) {
                session_ = std::move(*keys);
                return;
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
            if (kind != "garbage") stamper.stamp(each, now);
        }
    }
    return junk;
}

}  // namespace wgns::bench
