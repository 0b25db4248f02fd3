#include "bench/flood/daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "base/read_file.h"
#include "base/unique_fd.h"
#include "bench/flood/fail.h"
#include "crypto/x25519.h"

namespace wgns::bench {

namespace {

std::string lines_of(std::span<const Initiators* const> peers) {
    std::ostringstream text;
    unsigned number = 0;
    for (const Initiators* const some : peers) {
        for (std::size_t i = 0; i < some->size(); ++i, ++number)
            text << "public_key=" << key_to_hex(some->public_key(i).bytes) << "\nallowed_ip=10."
                 << number / 65'536 << '.' << number / 256 % 256 << '.' << number % 256 << "/32\n";
    }
    text << '\n';
    return text.str();
}

// The answer of the daemon, up to the empty line.
std::string ask(const std::string& socket_path, const std::string& text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    if (connect(socket.get(), to, sizeof address) != 0) fail(socket_path.c_str());
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t count = write(socket.get(), &text[sent], text.size() - sent);
        if (count <= 0) fail("the daemon takes no configuration");
        sent += static_cast<std::size_t>(count);
    }
    std::string answer;
    while (!answer.ends_with("\n\n")) {
        std::array<char, 4096> piece;
        const ssize_t count = read(socket.get(), piece.data(), piece.size());
        if (count <= 0) fail("the daemon does not answer");
        answer.append(piece.data(), static_cast<std::size_t>(count));
    }
    if (!answer.ends_with("errno=0\n\n")) fail("the daemon refuses the configuration");
    return answer;
}

std::string read_all(const std::string& path) {
    std::string text = text_of_file(path);
    if (text.empty()) fail(path.c_str());
    return text;
}

}  // namespace

void configure(const std::string& socket_path, const PrivateKey& key, std::uint16_t port,
               std::span<const Initiators* const> peers) {
    ask(socket_path, "set=1\nprivate_key=" + key_to_hex(key.bytes()) + "\nlisten_port=" +
                         std::to_string(port) + "\nreplace_peers=true\n" + lines_of(peers));
}

PrivateKey key_of(const std::string& socket_path) {
    const std::string answer = ask(socket_path, "get=1\n\n");
    constexpr std::string_view name = "private_key=";
    PrivateKey key;
    if (!answer.starts_with(name) ||
        !parse_hex_key(std::string_view(answer).substr(name.size(), 64), key.mutable_bytes()))
        fail("the daemon has no key");
    return key;
}

void add_peers(const std::string& socket_path, std::span<const Initiators* const> peers) {
    ask(socket_path, "set=1\n" + lines_of(peers));
}

Usage usage_of(int pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    Usage usage;
    // proc(5): behind the name in brackets, user and system time are the 12th and 13th field.
    const std::string stat = read_all(folder + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    usage.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    // The second line that begins with "Udp:" has the numbers, InDatagrams first.
    const std::string snmp = read_all(folder + "/net/snmp");
    std::istringstream numbers(snmp.substr(snmp.rfind("\nUdp: ") + 6));
    numbers >> usage.datagrams;
    std::istringstream memory(read_all(folder + "/smaps_rollup"));
    for (std::string word; memory >> word;)
        if (word.starts_with("Private_")) {
            std::uint64_t kib = 0;
            memory >> kib;
            usage.private_kib += kib;
        }
    return usage;
}

}  // namespace wgns::bench
