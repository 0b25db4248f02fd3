// `doctor`: what this host can do for a tunnel. Everything is tried, in namespaces that nobody else
// sees and that are gone afterwards; nothing on the host is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/finding.h"
#include "dataplane/offloads.h"

namespace wgns {

// Forks, and starts threads that have ended when it returns. Without root some of it is unknown.
[[nodiscard]] std::vector<Finding> examine_host();

// The part of it that `run` asks without root.
[[nodiscard]] Finding examine_user_namespaces();

// What an attempt means, by itself.
[[nodiscard]] Finding judge_kernel(const std::string& release);  // "6.1.0-13-amd64"
[[nodiscard]] Finding judge_tun(const Status& opened);
[[nodiscard]] Finding judge_offloads(Offloads accepted);
[[nodiscard]] Finding judge_io_uring(const Status& probed);
[[nodiscard]] Finding judge_trains(std::uint32_t segments_max);
// Two findings, about nftables and about conntrack, and a third one about redirection where the
// first two are there. `standard` and `redirecting` are attempts at such plans.
[[nodiscard]] std::vector<Finding> judge_firewall(const Status& standard,
                                                  const Status& redirecting);
// About /run/netns: `mountinfo` as proc_pid_mountinfo(5) has it; `has_own_mounts`: this process
// does not see those of the host's first.
[[nodiscard]] Finding judge_names(const std::string& mountinfo, bool has_own_mounts);

struct UserNamespaces {
    int error = 0;                           // of unshare(2); 0: it went well
    bool as_root = false;                    // and then that says nothing of others
    std::optional<long> longest;             // user.max_user_namespaces
    std::optional<long> unprivileged;        // kernel.unprivileged_userns_clone (Debian)
    std::optional<long> apparmor_restricts;  // kernel.apparmor_restrict_unprivileged_userns
};
[[nodiscard]] Finding judge_user_namespaces(const UserNamespaces& facts);

}  // namespace wgns
