#include "control/dns_probe.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/unique_fd.h"

namespace wgns {

namespace {

constexpr std::uint16_t name_port = 53;
using Deadline = std::chrono::steady_clock::time_point;

Result<UniqueFd> watch_links() {
    UniqueFd links(
        ::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    if (!links)
        return Error{
            errno, "socket", "AF_PACKET",
            "without CAP_NET_RAW, or in a kernel without packet sockets, nobody can watch"};
    return links;
}

Result<UniqueFd> send_question(const IpAddress& server, const std::string& question) {
    sockaddr_storage to{};
    Endpoint endpoint;
    endpoint.address = server;
    endpoint.port = name_port;
    const unsigned size = to_sockaddr(endpoint, to);
    UniqueFd udp(::socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!udp) return Error{errno, "socket", server.to_string(), ""};
    // Connected, so that a refusal is told.
    if (::connect(udp.get(), reinterpret_cast<sockaddr*>(&to), size) != 0)
        return Error{errno, "connect", server.to_string(), "no route leads to this name server"};
    if (::send(udp.get(), question.data(), question.size(), 0) < 0)
        return Error{errno, "send", server.to_string(), "does a rule forbid it?"};
    return udp;
}

// The link of the next packet that is seen leaving, or 0 for any other packet; -1: there is none.
int next_departure(int links, const std::string& question) {
    std::array<char, 2048> packet{};
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(links, packet.data(), packet.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return -1;
    const std::string_view seen(packet.data(), static_cast<std::size_t>(got));
    const bool is_ours =
        from.sll_pkttype == PACKET_OUTGOING && seen.find(question) != std::string_view::npos;
    return is_ours ? from.sll_ifindex : 0;
}

void add_departures(int links, const std::string& question, QuestionPath& path) {
    for (int link = 0; (link = next_departure(links, question)) >= 0;) {
        const auto index = static_cast<std::uint32_t>(link);
        if (link > 0 && std::find(path.links.begin(), path.links.end(), index) == path.links.end())
            path.links.push_back(index);
    }
}

// A refusal is no answer, and none will come.
bool is_over(int udp, QuestionPath& path) {
    std::array<char, 2048> answer{};
    const ssize_t got = ::recv(udp, answer.data(), answer.size(), 0);
    path.is_answered = got >= 0;
    return got >= 0 || errno != EAGAIN;
}

}  // namespace

std::string root_question(std::uint16_t identifier) {
    // Recursion is desired; one question: the root, NS, IN.
    constexpr std::string_view rest("\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01",
                                    15);
    std::string question{static_cast<char>(identifier >> 8), static_cast<char>(identifier & 0xFF)};
    return question.append(rest);
}

Result<QuestionPath> trace_question(const IpAddress& server, std::chrono::milliseconds patience) {
    std::uint16_t identifier = 0;
    if (::getrandom(&identifier, sizeof identifier, 0) < 0)
        return Error{errno, "getrandom", "", ""};
    const std::string question = root_question(identifier);
    const auto links = watch_links();
    if (!links) return links.error();
    const auto udp = send_question(server, question);
    if (!udp) return udp.error();
    const Deadline end = std::chrono::steady_clock::now() + patience;
    QuestionPath path;
    for (bool over = false; !over;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        over = left.count() <= 0;
        std::array<pollfd, 2> waiting{{{links->get(), POLLIN, 0}, {udp->get(), POLLIN, 0}}};
        if (!over) ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
        over = is_over(udp->get(), path) || over;
        add_departures(links->get(), question, path);
    }
    return path;
}

}  // namespace wgns
