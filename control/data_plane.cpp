#include "control/data_plane.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "dataplane/udp_socket.h"

namespace wgns {

Result<DataPlaneChoice> choose(const DataPlaneWords& words) {
    const auto io = parse_io_kind(words.io);
    if (!io) return Error{EINVAL, "--io", words.io, "auto, uring or epoll"};
    const auto aead = parse_aead_kind(words.aead);
    if (!aead) return Error{EINVAL, "--aead", words.aead, "auto, ipsecmb or sodium"};
    const auto offloads = parse_offloads(words.offloads);
    if (!offloads) return Error{EINVAL, "--offloads", words.offloads, "all, none, tcp or udp"};
    return DataPlaneChoice{*io, *aead, *offloads};
}

Result<std::unique_ptr<DataPlane>> DataPlane::start(const DataPlaneChoice& choice, Ports ports,
                                                    std::function<void()> on_end) {
    std::unique_ptr<DataPlane> made(new DataPlane);
    auto workers = Workers::create(1, made->clock_, made->entropy_);
    if (!workers) return workers.error();
    made->workers_ = *std::move(workers);

    ports.mailbox_event = made->workers_->mailbox_event(0);
    ports.segments_max = probe_segments_max();
    if (ports.has_virtio_header) ports.offloads = accept_offloads(ports.tun.get(), choice.offloads);
    auto io = make_io(choice.io, std::move(ports));
    if (!io) return io.error();
    auto aead = make_aead(choice.aead);
    if (!aead) return aead.error();
    made->facts_ = {io->reason, aead->reason, io->io->offloads()};

    std::vector<Workers::Parts> parts;
    parts.push_back({std::move(io->io), std::move(aead->aead)});
    made->workers_->start(std::move(parts), std::move(on_end));
    return made;
}

}  // namespace wgns
