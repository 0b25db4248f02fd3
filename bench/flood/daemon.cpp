#include "bench/flood/daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <sstream>

#include "base/read_file.h"
#include "base/unique_fd.h"
#include "bench/flood/fail.h"
#include "crypto/x25519.h"

namespace wgns::bench {

namespace {

std::string request(const PrivateKey& key, std::uint16_t port,
                    std::initializer_list<const Initiators*> peers) {
    std::ostringstream text;
    text << "set=1\nprivate_key=" << key_to_hex(key.bytes()) << "\nlisten_port=" << port
         << "\nreplace_peers=true\n";
    unsigned number = 0;
    for (const Initiators* const some : peers) {
        for (std::size_t i = 0; i < some->size(); ++i, ++number)
            text << "public_key=" << key_to_hex(some->public_key(i).bytes) << "\nallowed_ip=10."
                 << number / 65'536 << '.' << number / 256 % 256 << '.' << number % 256 << "/32\n";
    }
    text << '\n';
    return text.str();
}

std::string read_all(const std::string& path) {
    std::string text = text_of_file(path);
    if (text.empty()) fail(path.c_str());
    return text;
}

}  // namespace

void configure(const std::string& socket_path, const PrivateKey& key, std::uint16_t port,
               std::initializer_list<const Initiators*> peers) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    if (connect(socket.get(), to, sizeof address) != 0) fail(socket_path.c_str());
    const std::string text = request(key, port, peers);
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t count = write(socket.get(), &text[sent], text.size() - sent);
        if (count <= 0) fail("the daemon takes no configuration");
        sent += static_cast<std::size_t>(count);
    }
    constexpr std::string_view wanted = "errno=0\n\n";
    std::string answer(wanted.size(), '\0');
    const ssize_t count = recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL);
    if (count != static_cast<ssize_t>(answer.size()) || answer != wanted)
        fail("the daemon refuses the configuration");
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
    return usage;
}

}  // namespace wgns::bench
