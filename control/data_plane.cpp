#include "control/data_plane.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <thread>
#include <utility>

#include "dataplane/udp_socket.h"

namespace wgns {

namespace {

std::optional<unsigned> parse_workers(const std::string& word) {
    if (word == "auto") {
        const unsigned processors = std::thread::hardware_concurrency();
        return std::clamp(processors / 2, 1u, Workers::count_max);
    }
    unsigned count = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, failure] = std::from_chars(word.data(), end, count);
    if (failure != std::errc{} || stop != end || count < 1 || count > Workers::count_max)
        return std::nullopt;
    return count;
}

}  // namespace

Result<DataPlaneChoice> choose(const DataPlaneWords& words) {
    const auto io = parse_io_kind(words.io);
    if (!io) return Error{EINVAL, "--io", words.io, "auto, uring or epoll"};
    const auto aead = parse_aead_kind(words.aead);
    if (!aead) return Error{EINVAL, "--aead", words.aead, "auto, wide, ipsecmb or sodium"};
    const auto offloads = parse_offloads(words.offloads);
    if (!offloads) return Error{EINVAL, "--offloads", words.offloads, "all, none, tcp or udp"};
    const auto workers = parse_workers(words.workers);
    if (!workers) return Error{EINVAL, "--workers", words.workers, "auto, or 1 to 8"};
    return DataPlaneChoice{*io, *aead, *offloads, *workers};
}

Result<std::unique_ptr<DataPlane>> DataPlane::start(const DataPlaneChoice& choice,
                                                    std::vector<Ports> ports, Beginning beginning,
                                                    std::function<void()> on_end) {
    WG_ASSERT(!ports.empty());
    std::unique_ptr<DataPlane> made(new DataPlane);
    const auto count = static_cast<unsigned>(ports.size());
    auto workers = Workers::create(count, made->clock_, made->entropy_);
    if (!workers) return workers.error();
    made->workers_ = *std::move(workers);
    made->facts_.workers = count;

    const std::uint32_t segments_max = probe_segments_max();
    // They belong to the device, not to a queue.
    Offloads offloads;
    if (ports[0].has_virtio_header) offloads = accept_offloads(ports[0].tun.get(), choice.offloads);
    std::vector<Workers::Parts> parts;
    for (unsigned number = 0; number < count; ++number) {
        ports[number].mailbox_event = made->workers_->mailbox_event(number);
        ports[number].segments_max = segments_max;
        ports[number].offloads = offloads;
        auto io = make_io(choice.io, std::move(ports[number]));
        if (!io) return io.error();
        auto aead = make_aead(choice.aead);
        if (!aead) return aead.error();
        made->facts_.io_reason = std::move(io->reason);
        made->facts_.aead_reason = std::move(aead->reason);
        made->facts_.offloads = io->io->offloads();
        parts.push_back({std::move(io->io), std::move(aead->aead)});
    }
    // Done when start() returns.
    int error = 0;
    const auto applied = [&error](int result) { error = result; };
    const bool is_posted = (!beginning.mtu || made->post(SetMtu{*beginning.mtu})) &&
                           made->post(ApplyChange{std::move(beginning.change), applied});
    WG_ASSERT(is_posted);  // nothing else is in the mailbox yet
    made->workers_->start(std::move(parts), std::move(on_end));
    if (error != 0) return Error{error, "configure", "device", ""};
    return made;
}

bool DataPlane::follow(const Link& link) {
    if (!post(SetMtu{link.mtu})) return false;
    if (link.is_up == is_up_) return true;
    if (!post(link.is_up ? Command(LinkUp{}) : Command(LinkDown{}))) return false;
    is_up_ = link.is_up;
    return true;
}

}  // namespace wgns
