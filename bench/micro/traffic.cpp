#include "bench/micro/traffic.h"

namespace wgns::traffic {

namespace {

model::Shape shape_of(unsigned version, bool udp) {
    model::Shape shape;
    shape.version = version;
    shape.udp = udp;
    shape.tcp_options = udp ? 0 : 12;  // time stamps
    shape.gso_size = static_cast<std::uint16_t>(mtu - shape.headers());
    shape.payload = segment_count * shape.gso_size;
    return shape;
}

}  // namespace

std::array<Kind, 4> kinds() {
    return {{{"tcp_v4", shape_of(4, false)},
             {"tcp_v6", shape_of(6, false)},
             {"udp_v4", shape_of(4, true)},
             {"udp_v6", shape_of(6, true)}}};
}

std::vector<model::Packet> frames(const model::Shape& shape, std::size_t count) {
    std::mt19937 random(1);
    std::vector<model::Packet> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(model::make_frame(shape, random));
    return all;
}

}  // namespace wgns::traffic
