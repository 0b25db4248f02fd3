#include "cli/bench/handshakes.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "crypto/x25519.h"
#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

using nlohmann::json;

// Answers all initiations but every `lost`-th with what has the shape of a response; what it says
// is how many it answered, and whether one peer asked again too soon.
Result<json> answer_all(Channel& channel, unsigned lost) {
    const auto socket = bound_socket(SOCK_DGRAM, loopback);
    if (!socket) return socket.error();
    static_cast<void>(channel.send({{"port", port_of(*socket)}}));
    const timeval briefly{0, 10'000};
    ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &briefly, sizeof briefly);
    unsigned asked = 0;
    unsigned answered = 0;
    while (!channel.wait(0)) {
        InitiationMessage message{};
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        auto* const sender = reinterpret_cast<sockaddr*>(&from);
        if (::recvfrom(socket->get(), message.data(), message.size(), 0, sender, &size) !=
            static_cast<ssize_t>(message.size()))
            continue;
        if (++asked % lost == 0) continue;
        ResponseMessage response{};
        store_le(MutableBytes(response), MessageType::response);
        store_le(MutableBytes(response).subspan(ResponseView::receiver_at), sender_of(message));
        ::sendto(socket->get(), response.data(), response.size(), 0, sender, size);
        ++answered;
    }
    return json{{"answered", answered}};
}

class BenchHandshakes : public testing::Test {
protected:
    SystemEntropy entropy;
    PublicKey daemon = public_key_of(generate_private_key(entropy));
};

TEST_F(BenchHandshakes, CountsWhatIsAnswered) {
    Initiators initiators(handshake_peers, daemon);
    json told;
    const json seen =
        run_pair([](Channel& channel) { return answer_all(channel, 1'000'000'000); },
                 [&](const Endpoint& to) { told = *shake_hands(initiators, to, short_phases); });
    EXPECT_GT(told.at("counted"), 0);
    EXPECT_LE(told.at("counted"), told.at("answered"));
    EXPECT_GE(told.at("counted_seconds"), 0.1);
    // Some are on their way when it ends.
    EXPECT_LE(told.at("answered"), seen.at("answered"));
    EXPECT_GE(told.at("answered").get<unsigned>() + handshakes_at_once,
              seen.at("answered").get<unsigned>());
}

TEST_F(BenchHandshakes, GoesOnWhereSomeAreLost) {
    Initiators initiators(2, daemon);
    const Phases phases{std::chrono::milliseconds(0), std::chrono::milliseconds(600)};
    json told;
    run_pair([](Channel& channel) { return answer_all(channel, 5); },
             [&](const Endpoint& to) { told = *shake_hands(initiators, to, phases); });
    EXPECT_GT(told.at("answered"), 4);
    // Each of the two asks 50 times a second at most.
    EXPECT_LE(told.at("answered"), 60);
}

TEST_F(BenchHandshakes, NobodyThere) {
    Initiators initiators(2, daemon);
    const auto told = shake_hands(initiators, *Endpoint::parse("127.0.0.1:1"), short_phases);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->at("answered"), 0);
}

}  // namespace
}  // namespace wgns::bench
