#include "control/uapi.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <type_traits>
#include <vector>

#include "crypto/x25519.h"
#include "protocol/limits.h"

#include "uapi_pieces.h"

namespace wgns {
namespace {

static_assert(!std::is_copy_constructible_v<DeviceChange>);

const std::string hex_a = "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a33";
const std::string hex_b = "58402e695ba1772b1cc9309755f043251ea77fdcf10fbe63989ceb7e19321376";
const std::string zeros(64, '0');
const std::string peer_a = "public_key=" + hex_a + "\n";

// "get", "set CHANGE" with its error if any, "error N", "hang up": the change as print_set has it.
std::string shown(const UapiRequest& request) {
    if (std::holds_alternative<UapiGet>(request)) return "get";
    if (std::holds_alternative<UapiHangUp>(request)) return "hang up";
    if (const auto* error = std::get_if<UapiError>(&request))
        return "error " + std::to_string(error->errno_value);
    const auto& set = std::get<UapiSet>(request);
    std::string text = print_set(set.change).substr(6);
    text.pop_back();
    if (set.errno_value != 0) text += "error " + std::to_string(set.errno_value);
    return "set " + text;
}

std::string shown(const std::vector<UapiRequest>& requests) {
    std::string text;
    for (const UapiRequest& request : requests)
        text += (text.empty() ? "" : "|") + shown(request);
    return text;
}

std::string einval() {
    return "error " + std::to_string(EINVAL);
}

TEST(UapiReader, operations) {
    struct Case {
        std::string text, requests;
    };
    const Case cases[] = {
        /* 0 */ {"", ""},
        /* 1 */ {"get=1\n\n", "get"},
        /* 2 */ {"get=1\n", ""},
        /* 3 */ {"get=1", ""},
        /* 4 */ {"get=1\nx\n\n", einval()},
        /* 5 */ {"get=1\nx\n\nget=1\n\n", einval() + "|get"},
        /* 6 */ {"get=2\n\n", "hang up"},
        /* 7 */ {"get=1\r\n\r\n", "hang up"},
        /* 8 */ {"\n", "hang up"},
        /* 9 */ {"nonsense\nget=1\n\n", "hang up"},
        /* 10 */ {"set=1\n\n", "set "},
        /* 11 */ {"set=1\n", "set "},
        /* 12 */ {"set=1\nlisten_port=5", "set listen_port=5\n"},
        /* 13 */ {"set=1\r\n", "hang up"},
        /* 14 */ {"set=1\nlisten_port=5\r\n\r\nget=1\n\n", "set listen_port=5\n|get"},
        /* 15 */ {"get=1\n\nset=1\nfwmark=7\n\nget=1\n\n", "get|set fwmark=7\n|get"},
        /* 16 */
        {"set=1\nfwmark=7\nx\nfwmark=8\n\nget=1\n\n",
         "set fwmark=7\nerror " + std::to_string(EPROTO) + "|get"},
        /* 17 */ {"set=1\nfwmark=x\nset=1\nfwmark=8\n", "set " + einval()},
        /* 18 */ {std::string("set=1\nfwmark=1\0\n\n", 17), "set " + einval()},
    };
    for (const Case& each : cases)
        for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{3}, SIZE_MAX})
            EXPECT_EQ(shown(read_all(each.text, piece_bytes)), each.requests)
                << each.text << " in pieces of " << piece_bytes;
}

// Good lines, as they come out again.
TEST(UapiReader, good_lines) {
    struct Case {
        std::string lines, change;
    };
    const std::string upper_a = "B85996FECC9C7F1FC6D2572A76EDA11D59BCD20BE8E543B15CE4BD85A8E75A33";
    const Case cases[] = {
        /* 0 */ {"private_key=" + hex_b + "\n", "private_key=" + hex_b + "\n"},
        /* 1 */ {"private_key=" + zeros + "\n", "private_key=" + zeros + "\n"},
        /* 2 */
        {"private_key=" + std::string(64, 'f') + "\n",
         "private_key=f8" + std::string(60, 'f') + "7f\n"},
        /* 3 */ {"listen_port=0\n", "listen_port=0\n"},
        /* 4 */ {"listen_port=65535\n", "listen_port=65535\n"},
        /* 5 */ {"listen_port=1\nlisten_port=2\n", "listen_port=2\n"},
        /* 6 */ {"fwmark=4294967295\n", "fwmark=4294967295\n"},
        /* 7 */ {"replace_peers=true\n", "replace_peers=true\n"},
        /* 8 */ {"public_key=" + upper_a + "\n", peer_a},
        /* 9 */ {peer_a + "remove=true\n", peer_a + "remove=true\n"},
        /* 10 */ {peer_a + "update_only=true\n", peer_a + "update_only=true\n"},
        /* 11 */
        {peer_a + "preshared_key=" + hex_b + "\n", peer_a + "preshared_key=" + hex_b + "\n"},
        /* 12 */
        {peer_a + "preshared_key=" + zeros + "\n", peer_a + "preshared_key=" + zeros + "\n"},
        /* 13 */ {peer_a + "endpoint=1.2.3.4:5\n", peer_a + "endpoint=1.2.3.4:5\n"},
        /* 14 */
        {peer_a + "endpoint=[abcd:23::33%2]:51820\n", peer_a + "endpoint=[abcd:23::33%2]:51820\n"},
        /* 15 */
        {peer_a + "persistent_keepalive_interval=0\n",
         peer_a + "persistent_keepalive_interval=0\n"},
        /* 16 */
        {peer_a + "allowed_ip=10.1.2.3/8\nallowed_ip=::/0\n",
         peer_a + "allowed_ip=10.0.0.0/8\nallowed_ip=::/0\n"},
        /* 17 */ {peer_a + "allowed_ip=-10.0.0.0/8\n", peer_a + "allowed_ip=-10.0.0.0/8\n"},
        /* 18 */
        {peer_a + "allowed_ip=10.0.0.0/8\nreplace_allowed_ips=true\nallowed_ip=::/0\n",
         peer_a + "replace_allowed_ips=true\nallowed_ip=::/0\n"},
        /* 19 */ {peer_a + "protocol_version=1\n", peer_a},
        /* 20 */
        {peer_a + "update_only=true\nendpoint=1.2.3.4:5\npublic_key=" + hex_b + "\n",
         peer_a + "update_only=true\nendpoint=1.2.3.4:5\npublic_key=" + hex_b + "\n"},
        /* 21 */ {peer_a + peer_a, peer_a + peer_a},
    };
    for (const Case& each : cases)
        EXPECT_EQ(shown(read_all("set=1\n" + each.lines + "\n")), "set " + each.change);
}

TEST(UapiReader, bad_lines) {
    struct Case {
        std::string line;
        int errno_value;
    };
    const Case device_cases[] = {
        /* 0 */ {"no equals sign", EPROTO},
        /* 1 */ {"=1", EINVAL},
        /* 2 */ {"unknown=1", EINVAL},
        /* 3 */ {"Listen_port=1", EINVAL},
        /* 4 */ {"private_key=", EINVAL},
        /* 5 */ {"private_key=" + hex_a + "0", EINVAL},
        /* 6 */ {"private_key=0x" + hex_a.substr(2), EINVAL},
        /* 7 */ {"private_key=" + hex_a.substr(1) + "g", EINVAL},
        /* 8 */ {"listen_port=", EINVAL},
        /* 9 */ {"listen_port=65536", EINVAL},
        /* 10 */ {"listen_port=-1", EINVAL},
        /* 11 */ {"listen_port=+1", EINVAL},
        /* 12 */ {"listen_port= 1", EINVAL},
        /* 13 */ {"fwmark=0x10", EINVAL},
        /* 14 */ {"fwmark=4294967296", EINVAL},
        /* 15 */ {"fwmark=1 ", EINVAL},
        /* 16 */ {"fwmark=off", EINVAL},
        /* 17 */ {"replace_peers=false", EINVAL},
        /* 18 */ {"replace_peers=1", EINVAL},
        /* 19 */ {"endpoint=1.2.3.4:5", EINVAL},
        /* 20 */ {"remove=true", EINVAL},
        /* 21 */ {"public_key=" + hex_a.substr(1), EINVAL},
    };
    const Case peer_cases[] = {
        /* 0 */ {"private_key=" + hex_b, EINVAL},
        /* 1 */ {"listen_port=5", EINVAL},
        /* 2 */ {"replace_peers=true", EINVAL},
        /* 3 */ {"remove=", EINVAL},
        /* 4 */ {"update_only=True", EINVAL},
        /* 5 */ {"replace_allowed_ips=yes", EINVAL},
        /* 6 */ {"preshared_key=" + hex_b.substr(1), EINVAL},
        /* 7 */ {"endpoint=vpn.example.org:5", EINVAL},
        /* 8 */ {"endpoint=1.2.3.4", EINVAL},
        /* 9 */ {"endpoint=::1:5", EINVAL},
        /* 10 */ {"endpoint=1.2.3.4:65536", EINVAL},
        /* 11 */ {"persistent_keepalive_interval=off", EINVAL},
        /* 12 */ {"persistent_keepalive_interval=65536", EINVAL},
        /* 13 */ {"allowed_ip=10.0.0.0", EINVAL},
        /* 14 */ {"allowed_ip=10.0.0.0/33", EINVAL},
        /* 15 */ {"allowed_ip=10.0.0.0/08", EINVAL},
        /* 16 */ {"allowed_ip=010.0.0.0/8", EINVAL},
        /* 17 */ {"allowed_ip=fe80::1%1/64", EINVAL},
        /* 18 */ {"allowed_ip=--10.0.0.0/8", EINVAL},
        /* 19 */ {"allowed_ip=+10.0.0.0/8", EINVAL},
        /* 20 */ {"protocol_version=2", EINVAL},
        /* 21 */ {"unknown=1", EINVAL},
        /* 22 */ {"remove", EPROTO},
        /* 23 */ {"public_key=" + hex_b + "0", EINVAL},
    };
    for (const Case& each : device_cases)
        EXPECT_EQ(shown(read_all("set=1\n" + each.line + "\n\n")),
                  "set error " + std::to_string(each.errno_value))
            << each.line;
    for (const Case& each : peer_cases)
        EXPECT_EQ(shown(read_all("set=1\n" + peer_a + each.line + "\n\n")),
                  "set " + peer_a + "error " + std::to_string(each.errno_value))
            << each.line;
}

TEST(UapiReader, a_bad_value_leaves_the_good_one_before_it) {
    const std::string good = "endpoint=1.2.3.4:5\n";
    EXPECT_EQ(shown(read_all("set=1\n" + peer_a + good + "endpoint=x\n\n")),
              "set " + peer_a + good + einval());
    EXPECT_EQ(shown(read_all("set=1\n" + peer_a + "allowed_ip=::/0\nreplace_allowed_ips=no\n\n")),
              "set " + peer_a + "allowed_ip=::/0\n" + einval());
}

TEST(UapiReader, errors_do_not_wait_for_the_end_of_the_request) {
    UapiReader reader;
    std::string_view bytes = "set=1\nfwmark=x\nfwmark=1\n";
    EXPECT_TRUE(reader.next(bytes));
    EXPECT_EQ(bytes, "fwmark=1\n");
    EXPECT_FALSE(reader.next(bytes));
    EXPECT_FALSE(reader.finish());
}

TEST(UapiReader, one_request_at_a_time) {
    UapiReader reader;
    std::string_view bytes = "get=1\n\nget=1\n\n";
    EXPECT_TRUE(reader.next(bytes));
    EXPECT_EQ(bytes, "get=1\n\n");
}

TEST(UapiReader, line_length) {
    const std::string too_long = "set " + std::string("error ") + std::to_string(EIO);
    const std::size_t most = UapiReader::max_line_bytes - 1;
    for (const std::size_t piece_bytes : {std::size_t{1000}, SIZE_MAX}) {
        const auto read = [&](const std::string& text) {
            return shown(read_all(text, piece_bytes));
        };
        EXPECT_EQ(read("set=1\n" + std::string(most, '=') + "\n\n"), "set " + einval());
        EXPECT_EQ(read("set=1\n" + std::string(most + 1, '=') + "\n\nget=1\n\n"),
                  too_long + "|get");
        EXPECT_EQ(read("set=1\n" + std::string(1 << 20, '\0')), too_long);
        EXPECT_EQ(read(std::string(1 << 20, 'x')), "hang up");
        EXPECT_EQ(read("set=1\nx\n" + std::string(1 << 20, 'x') + "\n\nget=1\n\n"),
                  "set error " + std::to_string(EPROTO) + "|get");
    }
}

TEST(UapiReader, peers_are_limited) {
    std::string text = "set=1\n";
    for (std::size_t i = 0; i < limits::peers_max; ++i)
        text += peer_a;
    auto requests = read_all(text);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(std::get<UapiSet>(requests[0]).errno_value, 0);
    requests = read_all(text + peer_a);
    EXPECT_EQ(std::get<UapiSet>(requests.at(0)).errno_value, EINVAL);
    EXPECT_EQ(std::get<UapiSet>(requests[0]).change.peers.size(), limits::peers_max);
}

TEST(UapiReader, allowed_ips_are_limited) {
    std::string text = "set=1\n" + peer_a;
    for (std::size_t i = 0; i < UapiReader::max_allowed_ips; ++i)
        text += "allowed_ip=::/0\n";
    EXPECT_EQ(std::get<UapiSet>(read_all(text).at(0)).errno_value, 0);
    EXPECT_EQ(std::get<UapiSet>(read_all(text + "allowed_ip=::/0\n").at(0)).errno_value, EINVAL);
}

TEST(UapiPrint, set_reply) {
    EXPECT_EQ(print_set_reply(0), "errno=0\n\n");
    EXPECT_EQ(print_set_reply(EINVAL), "errno=-22\n\n");
}

TEST(UapiPrint, get_of_nothing) {
    EXPECT_EQ(print_get({}), "errno=0\n\n");
}

TEST(UapiPrint, get) {
    DeviceSnapshot device;
    ASSERT_TRUE(parse_hex_key(hex_b, device.private_key.mutable_bytes()));
    device.listen_port = 51820;
    device.fwmark = 7;
    PeerSnapshot& peer = device.peers.emplace_back();
    ASSERT_TRUE(parse_hex_key(hex_a, peer.public_key.bytes));
    peer.endpoint = *Endpoint::parse("[2001:db8::1]:51821");
    peer.last_handshake = {1'700'000'000, 999'999'999};
    peer.sent_bytes = 18446744073709551615u;
    peer.received_bytes = 2;
    peer.persistent_keepalive_seconds = 25;
    peer.allowed_ips = {*IpPrefix::parse("10.0.0.0/8"), *IpPrefix::parse("::/0")};
    device.peers.emplace_back();
    EXPECT_EQ(print_get(device), "private_key=" + hex_b + "\nlisten_port=51820\nfwmark=7\n" +
                                     peer_a + "preshared_key=" + zeros +
                                     "\nprotocol_version=1\n"
                                     "endpoint=[2001:db8::1]:51821\n"
                                     "last_handshake_time_sec=1700000000\n"
                                     "last_handshake_time_nsec=999999999\n"
                                     "tx_bytes=18446744073709551615\n"
                                     "rx_bytes=2\n"
                                     "persistent_keepalive_interval=25\n"
                                     "allowed_ip=10.0.0.0/8\n"
                                     "allowed_ip=::/0\n"
                                     "public_key=" +
                                     zeros + "\npreshared_key=" + zeros +
                                     "\nprotocol_version=1\n"
                                     "last_handshake_time_sec=0\n"
                                     "last_handshake_time_nsec=0\n"
                                     "tx_bytes=0\n"
                                     "rx_bytes=0\n"
                                     "persistent_keepalive_interval=0\n"
                                     "errno=0\n\n");
}

// The longest lines there are fit into the text that is made large enough at once.
TEST(UapiPrint, longest_lines) {
    DeviceSnapshot device;
    device.private_key = PrivateKey(PublicKey{{1}}.bytes);
    device.listen_port = UINT16_MAX;
    device.fwmark = UINT32_MAX;
    const Endpoint endpoint =
        *Endpoint::parse("[fe80:1111:1111:1111:1111:1111:1111:1111%2147483647]:65535");
    const IpPrefix prefix = *IpPrefix::parse("1111:1111:1111:1111:1111:1111:1111:1111/128");
    PeerSnapshot& peer = device.peers.emplace_back();
    peer.endpoint = endpoint;
    peer.last_handshake = {INT64_MIN, UINT32_MAX};
    peer.sent_bytes = peer.received_bytes = UINT64_MAX;
    peer.persistent_keepalive_seconds = UINT16_MAX;
    peer.allowed_ips.assign(1000, prefix);
    EXPECT_TRUE(print_get(device).ends_with("errno=0\n\n"));

    DeviceChange change;
    change.private_key.emplace();
    change.listen_port = UINT16_MAX;
    change.fwmark = UINT32_MAX;
    change.replace_peers = true;
    PeerChange& changed = change.peers.emplace_back();
    changed.remove = changed.update_only = changed.replace_allowed_ips = true;
    changed.preshared_key.emplace();
    changed.endpoint = endpoint;
    changed.persistent_keepalive_seconds = UINT16_MAX;
    changed.allowed_ips.assign(1000, {prefix, true});
    EXPECT_TRUE(print_set(change).ends_with("/128\n\n"));
}

TEST(UapiPrint, set_comes_back) {
    const std::string text =
        "set=1\nprivate_key=" + hex_b + "\nlisten_port=0\nfwmark=7\nreplace_peers=true\n" + peer_a +
        "update_only=true\npreshared_key=" + hex_b +
        "\nendpoint=1.2.3.4:5\npersistent_keepalive_interval=25\nreplace_allowed_ips=true\n"
        "allowed_ip=10.0.0.0/8\nallowed_ip=-::/0\npublic_key=" +
        hex_b + "\nremove=true\n\n";
    const auto requests = read_all(text);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(print_set(std::get<UapiSet>(requests[0]).change), text);
}

TEST(UapiPrint, wiped) {
    std::string text = "private_key=" + hex_a;
    text.resize(20);
    const char* const memory = text.data();
    const std::size_t size = text.capacity();
    wipe_key_text(text);
    EXPECT_TRUE(text.empty());
    ASSERT_EQ(text.data(), memory);
    EXPECT_EQ(std::string(memory, size), std::string(size, '\0'));
}

}  // namespace
}  // namespace wgns
