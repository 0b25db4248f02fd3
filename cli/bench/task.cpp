#include "cli/bench/task.h"

#include <fmt/format.h>

#include <cerrno>

#include "cli/bench/ping_pong.h"
#include "cli/bench/tcp_load.h"
#include "cli/bench/udp_load.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::nanoseconds;

namespace {

const char* name_of(Traffic traffic) {
    switch (traffic) {
        case Traffic::tcp:
            return "tcp";
        case Traffic::udp:
            return "udp";
        case Traffic::ping:
            return "ping";
    }
    return "";
}

Error refused(std::string what, std::string hint) {
    return {EINVAL, "task", std::move(what), std::move(hint)};
}

Result<Traffic> traffic_of(const std::string& name) {
    for (const Traffic each : {Traffic::tcp, Traffic::udp, Traffic::ping})
        if (name == name_of(each)) return each;
    return refused("traffic", "there is tcp, udp and ping");
}

// nlohmann::json would take a negative number for a large one.
std::uint64_t number_of(const json& order, const char* key) {
    const json& value = order.at(key);
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : UINT64_MAX;
}

Result<Task> checked(const json& order) {
    const auto traffic = traffic_of(order.at("traffic").get<std::string>());
    if (!traffic) return traffic.error();
    const auto streams = number_of(order, "streams");
    if (streams < 1 || streams > task_streams_max)
        return refused("streams", fmt::format("1 to {}", task_streams_max));
    const auto size = number_of(order, "datagram_size");
    if (size < 2 || size > task_datagram_size_max)
        return refused("datagram_size", fmt::format("2 to {}", task_datagram_size_max));
    const auto warm_up = number_of(order, "warm_up_ns");
    const auto counted = number_of(order, "counted_ns");
    const auto most = static_cast<std::uint64_t>(nanoseconds(task_sending_max).count());
    if (warm_up > most || counted > most || warm_up + counted > most)
        return refused("duration", fmt::format("at most {} s", task_sending_max.count()));
    return Task{*traffic,
                order.at("is_reverse").get<bool>(),
                static_cast<unsigned>(streams),
                static_cast<std::uint32_t>(size),
                order.at("has_trains").get<bool>(),
                {nanoseconds(warm_up), nanoseconds(counted)}};
}

}  // namespace

json json_of(const Task& task) {
    return {{"traffic", name_of(task.traffic)},
            {"is_reverse", task.is_reverse},
            {"streams", task.streams},
            {"datagram_size", task.datagram_size},
            {"has_trains", task.has_trains},
            {"warm_up_ns", static_cast<std::uint64_t>(task.phases.warm_up.count())},
            {"counted_ns", static_cast<std::uint64_t>(task.phases.counted.count())}};
}

Result<Task> task_of(const json& order) {
    try {
        return checked(order);
    } catch (const json::exception&) {
        return refused("order", "it is none");
    }
}

Result<json> listen(Channel& channel, const Endpoint& at, const Task& task) {
    switch (task.traffic) {
        case Traffic::tcp:
            return listen_tcp(channel, at, {task.streams, task.is_reverse, task.phases});
        case Traffic::udp:
            return sink_udp(channel, at, {task.datagram_size, task.has_trains, task.phases});
        case Traffic::ping:
            break;
    }
    return echo(channel, at);
}

Result<json> call(const Endpoint& to, const Task& task) {
    switch (task.traffic) {
        case Traffic::tcp:
            return call_tcp(to, {task.streams, task.is_reverse, task.phases});
        case Traffic::udp:
            return send_udp(to, {task.datagram_size, task.has_trains, task.phases});
        case Traffic::ping:
            break;
    }
    return ask_in_time(to, task.phases);
}

}  // namespace wgns::bench
