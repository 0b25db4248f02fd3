#include "cli/bench/uapi_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/unique_fd.h"
#include "control/uapi_socket.h"

namespace wgns::bench {

namespace {

constexpr timeval answer_within{2, 0};
// Each new peer costs a multiplication on the curve.
constexpr timeval set_within{10, 0};

// The answer up to the empty line that ends it.
Result<std::string> ask(const std::string& interface, const std::string& request,
                        const timeval& within) {
    const std::string path = uapi_path(interface);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return Error{ENAMETOOLONG, "connect", path, ""};
    std::memcpy(address.sun_path, path.data(), path.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error{errno, "socket", path, ""};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return Error{errno, "connect", path, ""};
    if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return Error{errno, "send", path, ""};
    std::string answer;
    std::array<char, 4096> piece{};
    while (!answer.ends_with("\n\n")) {
        const ssize_t size = ::recv(fd.get(), piece.data(), piece.size(), 0);
        if (size <= 0) return Error{size == 0 ? EPROTO : errno, "recv", path, ""};
        answer.append(piece.data(), static_cast<std::size_t>(size));
    }
    return answer;
}

Status expect_no_error(const std::string& answer, const std::string& path) {
    constexpr std::string_view key = "errno=";
    const std::size_t at = answer.rfind(key);
    if (at == std::string::npos) return Error{EPROTO, "UAPI", path, "its answer has no errno"};
    int code = 0;
    const char* const text = answer.data() + at + key.size();
    std::from_chars(text, answer.data() + answer.size(), code);
    if (code != 0) return Error{std::abs(code), "UAPI", path, "the daemon refused"};
    return Done{};
}

}  // namespace

std::string uapi_path(const std::string& interface) {
    return UapiSocket::default_folder / (interface + ".sock");
}

bool uapi_answers(const std::string& interface) {
    const auto answer = ask(interface, "get=1\n\n", answer_within);
    return answer && expect_no_error(*answer, "").has_value();
}

Status uapi_set(const std::string& interface, const std::string& lines) {
    const auto answer = ask(interface, "set=1\n" + lines + "\n", set_within);
    if (!answer) return answer.error();
    return expect_no_error(*answer, uapi_path(interface));
}

}  // namespace wgns::bench
