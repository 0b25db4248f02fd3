#include "control/socket_broker.h"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "control/descriptor_name.h"
#include "dataplane/workers.h"

namespace wgns {

namespace {

constexpr int answer_patience_ms = 5000;

// {"open_sockets": {"count": 1, "port": 0, "fwmark": 0}}: the answer has them.
constexpr const char* open_word = "open_sockets";
// {"mark_sockets": 51820}, with them.
constexpr const char* mark_word = "mark_sockets";
// {"sockets": true}, or what went wrong with "code" and "reason".
constexpr const char* answer_word = "sockets";
constexpr const char* code_word = "code";
constexpr const char* reason_word = "reason";
// In a request and in its answer, so that one that comes too late is not taken for another's.
constexpr const char* number_word = "number";

constexpr const char* operation = "ask the supervisor";

nlohmann::json refusal(const Error& error) {
    return {{code_word, error.code == 0 ? EINVAL : error.code}, {reason_word, describe(error)}};
}

// A whole number of at most `most`, or 0 where it is missing.
std::optional<std::uint32_t> number_in(const nlohmann::json& body, const char* key,
                                       std::uint32_t most) {
    const auto at = body.find(key);
    if (at == body.end()) return 0;
    if (!at->is_number_unsigned() || at->get<std::uint64_t>() > most) return std::nullopt;
    return at->get<std::uint32_t>();
}

Result<UdpGroup> open_as_asked(const nlohmann::json& wanted, int socket_namespace) {
    if (!wanted.is_object()) return Error{EINVAL, "open", "UDP sockets", ""};
    const auto count = number_in(wanted, "count", Workers::count_max);
    const auto port = number_in(wanted, "port", UINT16_MAX);
    const auto fwmark = number_in(wanted, "fwmark", UINT32_MAX);
    if (!count || *count == 0 || !port || !fwmark) return Error{EINVAL, "open", "UDP sockets", ""};
    const auto open = [&] {
        return open_udp_group(*count, static_cast<std::uint16_t>(*port), *fwmark);
    };
    if (socket_namespace < 0) return open();
    auto ns = Namespace::open("/proc/self/fd/" + std::to_string(socket_namespace));
    if (!ns) return ns.error();
    return ns->run(open);
}

Status mark_as_asked(DescriptorChannel::Message& message) {
    const auto fwmark = number_in(message.body, mark_word, UINT32_MAX);
    if (!fwmark) return Error{EINVAL, "mark", "UDP sockets", ""};
    return set_mark(take_udp_group(message.descriptors), *fwmark);
}

UniqueFd take(std::map<std::string, UniqueFd>& descriptors, const char* name, unsigned worker) {
    auto node = descriptors.extract(numbered_descriptor(name, worker));
    return node.empty() ? UniqueFd() : std::move(node.mapped());
}

}  // namespace

std::map<std::string, int> lend(const UdpGroup& group) {
    std::map<std::string, int> lent;
    for (unsigned worker = 0; worker < group.size(); ++worker) {
        const UdpSockets& udp = group[worker];
        if (udp.v4) lent[numbered_descriptor(descriptor_name::udp4, worker)] = udp.v4.get();
        if (udp.v6) lent[numbered_descriptor(descriptor_name::udp6, worker)] = udp.v6.get();
    }
    return lent;
}

UdpGroup take_udp_group(std::map<std::string, UniqueFd>& descriptors) {
    UdpGroup group;
    for (unsigned worker = 0; worker < Workers::count_max; ++worker) {
        UdpSockets udp{take(descriptors, descriptor_name::udp4, worker),
                       take(descriptors, descriptor_name::udp6, worker)};
        if (!udp.v4 && !udp.v6) break;
        group.push_back(std::move(udp));
    }
    return group;
}

Result<UdpGroup> SocketBroker::open(unsigned count, std::uint16_t port, std::uint32_t fwmark) {
    auto answer = ask({{open_word, {{"count", count}, {"port", port}, {"fwmark", fwmark}}}}, {});
    if (!answer) return answer.error();
    UdpGroup group = take_udp_group(answer->descriptors);
    if (group.size() != count) return Error{EBADMSG, operation, "UDP sockets", ""};
    return group;
}

Status SocketBroker::mark(const UdpGroup& group, std::uint32_t fwmark) {
    const auto answer = ask({{mark_word, fwmark}}, lend(group));
    if (!answer) return answer.error();
    return Done{};
}

Result<DescriptorChannel::Message> SocketBroker::ask(nlohmann::json request,
                                                     const std::map<std::string, int>& lent) {
    request[number_word] = ++asked_;
    const auto sent = channel_.send(request, lent);
    if (!sent) return sent.error();
    auto answer = receive_answer();
    if (!answer) return answer.error();
    const nlohmann::json& body = answer->body;
    if (body.contains(answer_word)) return answer;
    return Error{body.value(code_word, EBADMSG), operation, "UDP sockets",
                 body.value(reason_word, "")};
}

Result<DescriptorChannel::Message> SocketBroker::receive_answer() {
    while (channel_.is_readable(answer_patience_ms)) {
        auto answer = channel_.receive();
        if (!answer) return answer.error();
        if (!*answer) return Error{EPIPE, operation, "UDP sockets", ""};
        if ((**answer).body.value(number_word, 0U) == asked_) return std::move(**answer);
    }
    return Error{ETIMEDOUT, operation, "UDP sockets", ""};
}

bool answer_socket_request(DescriptorChannel& channel, DescriptorChannel::Message& message,
                           int socket_namespace) {
    const nlohmann::json& body = message.body;
    UdpGroup group;
    Status done = Done{};
    if (body.contains(open_word)) {
        auto opened = open_as_asked(body[open_word], socket_namespace);
        if (opened)
            group = *std::move(opened);
        else
            done = opened.error();
    } else if (body.contains(mark_word)) {
        done = mark_as_asked(message);
    } else {
        return false;
    }
    nlohmann::json answer = done ? nlohmann::json{{answer_word, true}} : refusal(done.error());
    if (const auto number = body.find(number_word); number != body.end())
        answer[number_word] = *number;
    // A daemon that has ended meanwhile is noticed otherwise.
    static_cast<void>(channel.send(answer, lend(group)).has_value());
    return true;
}

}  // namespace wgns
