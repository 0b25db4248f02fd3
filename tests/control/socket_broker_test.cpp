#include "control/socket_broker.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "control/supervisor.h"
#include "dataplane/udp_socket.h"

namespace wgns {
namespace {

// A supervisor that answers until the other side is gone.
struct SocketBrokerTest : testing::Test {
    std::pair<DescriptorChannel, DescriptorChannel> ends = *DescriptorChannel::create_pair();
    std::optional<DescriptorChannel> ours{std::move(ends.first)};
    SocketBroker broker{*ours};
    int others = 0;  // messages that were no requests
    std::thread supervisor{[this] {
        for (;;) {
            auto message = ends.second.receive();
            if (!message || !*message) return;
            if (!answer_socket_request(ends.second, **message, -1)) ++others;
        }
    }};
    ~SocketBrokerTest() override {
        ours.reset();
        supervisor.join();
    }
    // Sends it as it is; the code of what comes back.
    int code_of(const nlohmann::json& request) {
        EXPECT_TRUE(ours->send(request));
        const auto answer = ours->receive();
        return answer && *answer ? (**answer).body.value("code", 0) : -1;
    }
};

std::uint32_t mark_of(const UniqueFd& fd) {
    std::uint32_t mark = 0;
    socklen_t size = sizeof mark;
    EXPECT_EQ(::getsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, &size), 0);
    return mark;
}

TEST_F(SocketBrokerTest, OpensForEveryWorkerOnOnePort) {
    const auto group = broker.open(2, 0, 0);
    ASSERT_TRUE(group) << describe(group.error());
    ASSERT_EQ(group->size(), 2U);
    const std::uint16_t port = port_of(*group);
    EXPECT_NE(port, 0);
    EXPECT_EQ(local_port((*group)[1].v4.get()), port);
    const auto taken = broker.open(1, port, 0);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, EADDRINUSE);
}

TEST_F(SocketBrokerTest, TakesNoAnswerToAnEarlierRequestForItsOwn) {
    ASSERT_TRUE(ours->send({{"open_sockets", {{"count", 1}}}, {"number", 0}}));
    ASSERT_TRUE(ours->is_readable(5000));
    const auto group = broker.open(2, 0, 0);
    ASSERT_TRUE(group) << describe(group.error());
    EXPECT_EQ(group->size(), 2U);
}

TEST_F(SocketBrokerTest, MarksWhatItIsLent) {
    if (::geteuid() != 0) GTEST_SKIP() << "a mark needs CAP_NET_ADMIN";
    const auto group = broker.open(1, 0, 7);
    ASSERT_TRUE(group);
    EXPECT_EQ(mark_of(group->front().v4), 7U);
    ASSERT_TRUE(broker.mark(*group, 51820));
    EXPECT_EQ(mark_of(group->front().v4), 51820U);
    EXPECT_EQ(mark_of(group->front().v6), 51820U);
}

TEST_F(SocketBrokerTest, RefusesWhatIsBeyondItsLimits) {
    using nlohmann::json;
    const json rows[] = {
        /* 0 */ json{{"count", 0}, {"port", 0}, {"fwmark", 0}},
        /* 1 */ json{{"count", 9}, {"port", 0}, {"fwmark", 0}},
        /* 2 */ json{{"count", 1}, {"port", 65536}, {"fwmark", 0}},
        /* 3 */ json{{"count", 1}, {"port", 0}, {"fwmark", 1ULL << 32}},
        /* 4 */ json{{"count", "many"}},
        /* 5 */ json{{"count", -1}, {"port", -1}},
    };
    for (const json& row : rows) {
        SCOPED_TRACE(&row - rows);
        EXPECT_EQ(code_of({{"open_sockets", row}}), EINVAL);
    }
    EXPECT_EQ(code_of({{"mark_sockets", "x"}}), EINVAL);
    EXPECT_EQ(code_of({{"open_sockets", "x"}}), EINVAL);
}

TEST_F(SocketBrokerTest, LeavesOtherMessagesAlone) {
    ASSERT_TRUE(ours->send({{daemon_word::alive, true}}));
    ASSERT_TRUE(broker.open(1, 0, 0));
    EXPECT_EQ(others, 1);
}

TEST(SocketBroker, WithoutASupervisor) {
    auto ends = *DescriptorChannel::create_pair();
    std::optional<DescriptorChannel> other(std::move(ends.second));
    SocketBroker broker(ends.first);
    other.reset();
    EXPECT_FALSE(broker.open(1, 0, 0));
}

TEST(UdpGroup, LentAndTakenIsTheSame) {
    const auto group = *open_udp_group(2, 0, 0);
    std::map<std::string, UniqueFd> descriptors;
    for (const auto& [name, fd] : lend(group))
        descriptors[name] = UniqueFd(::dup(fd));
    descriptors["other"] = UniqueFd(::dup(0));
    const UdpGroup taken = take_udp_group(descriptors);
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_EQ(port_of(taken), port_of(group));
    EXPECT_TRUE(taken[1].v6);
    EXPECT_EQ(descriptors.size(), 1U);
}

}  // namespace
}  // namespace wgns
