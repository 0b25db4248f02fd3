// The file by which wg(8) finds a device: /var/run/wireguard/INTERFACE.sock, a listening socket.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

class UapiSocket {
public:
    static const std::filesystem::path default_folder;  // /var/run/wireguard

    // Makes the folder (0755) if need be and listens; only the owner may connect. EADDRINUSE:
    // somebody answers by this name already. What nobody answers at is replaced.
    static Result<UapiSocket> create(const std::string& interface,
                                     const std::filesystem::path& folder = default_folder);
    // The same, where nobody else makes one meanwhile: in a folder that the caller has locked.
    static Result<UapiSocket> create_at(const std::filesystem::path& path);
    // A socket that was made and listens already, by whatever name it has.
    static Result<UapiSocket> adopt(UniqueFd listener);

    UapiSocket(UapiSocket&&) noexcept = default;

    // The name then stays this object's affair.
    [[nodiscard]] UniqueFd take_listener() noexcept { return std::move(listener_); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    // Whether the name still leads to this socket.
    [[nodiscard]] bool is_named() const noexcept;
    // Takes the name away, unless somebody else has it.
    void remove() const noexcept;

private:
    UapiSocket(UniqueFd listener, std::filesystem::path path) noexcept;

    UniqueFd listener_;
    std::filesystem::path path_;
    struct stat identity_ {};
};

// The system calls of a socket that is there (control/isolation.h): to look for its name, and to
// remove that.
[[nodiscard]] std::span<const char* const> calls_of_uapi_socket() noexcept;

}  // namespace wgns
