// Named network namespaces, as `ip netns` makes them (ip-netns(8)), and running something inside
// one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

inline constexpr const char* netns_folder = "/run/netns";

// What is a file name, without blanks and control characters; 1 to 64 bytes.
[[nodiscard]] bool valid_namespace_name(std::string_view name) noexcept;
[[nodiscard]] std::string netns_path(const std::string& name);

class Namespace {
public:
    // An error for what is no network namespace, a leftover empty file for one.
    [[nodiscard]] static Result<Namespace> open(const std::string& path);
    [[nodiscard]] static Result<Namespace> named(const std::string& name) {
        return open(netns_path(name));
    }
    // A new one, without a name; it lives as long as the object, or a name, or a process inside.
    [[nodiscard]] static Result<Namespace> create();
    // The calling thread's.
    [[nodiscard]] static Result<Namespace> current() { return open("/proc/thread-self/ns/net"); }

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    // The descriptor that keeps it alive, for whoever needs no more.
    [[nodiscard]] UniqueFd release() && noexcept { return std::move(fd_); }
    // Tells it apart from every other one that lives now.
    [[nodiscard]] ino_t identity() const noexcept { return identity_; }

    // Runs fn, which returns a Result, on a throw-away thread inside the namespace. The caller's
    // thread never moves, so there is no way back that could fail. Sockets and TUN devices that fn
    // opens stay there. Needs CAP_SYS_ADMIN, except where the caller is inside already.
    template <class Fn>
    auto run(Fn fn) const -> std::invoke_result_t<Fn> {
        std::optional<std::invoke_result_t<Fn>> result;
        std::thread([&] {
            const auto entered = enter();
            if (entered)
                result.emplace(fn());
            else
                result.emplace(entered.error());
        }).join();
        return std::move(*result);
    }

private:
    Namespace(UniqueFd fd, ino_t identity) noexcept : fd_(std::move(fd)), identity_(identity) {}

    // The calling thread, for good.
    [[nodiscard]] Status enter() const;

    UniqueFd fd_;
    ino_t identity_;
};

// An error unless the calling thread is in the namespace of that identity. For what would do harm
// in any other, just before it is done.
[[nodiscard]] Status expect_namespace(ino_t identity);

// Makes /run/netns/NAME for the namespace. EEXIST: the name is taken.
[[nodiscard]] Status give_name(const Namespace& ns, const std::string& name);
// Takes the name away if it names `identity`, or is what give_name leaves when it is killed
// half-way. Anything else by this name is somebody else's and stays. Processes inside live on in a
// namespace without a name.
[[nodiscard]] Status remove_name(const std::string& name, ino_t identity);

// Whether names that are made here are seen in the mount namespace of process 1, and so by the rest
// of the machine. True also where that cannot be told.
[[nodiscard]] bool names_reach_everybody();

// Writes a file below /proc/sys as the namespace sees it. False: there is no such setting (no
// IPv6). EROFS: it says something else and cannot be changed (containers).
[[nodiscard]] Result<bool> write_sysctl(const Namespace& ns, const std::string& name,
                                        const std::string& value);

}  // namespace wgns
