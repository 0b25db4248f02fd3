#include "control/host_report.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <sstream>
#include <utility>

#include "base/read_file.h"
#include "crypto/aead_choice.h"
#include "dataplane/udp_socket.h"
#include "dataplane/uring.h"
#include "netns/dns_files.h"
#include "netns/firewall.h"
#include "netns/namespace.h"
#include "netns/tun_device.h"

namespace wgns {

namespace {

std::optional<long> number_in(const std::string& path) {
    const std::string text = text_of_file(path);
    long number = 0;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) return std::nullopt;
    return number;
}

// The numbers that a release begins with, as one that can be compared: 6.7 is 6007.
unsigned version_of(const std::string& release) {
    constexpr unsigned step = 1000;
    unsigned major = 0;
    unsigned minor = 0;
    const char* const end = release.data() + release.size();
    const auto first = std::from_chars(release.data(), end, major);
    if (first.ec == std::errc{} && first.ptr != end) std::from_chars(first.ptr + 1, end, minor);
    return major * step + minor;
}

template <class T>
Status without_value(const Result<T>& result) {
    if (!result) return result.error();
    return Done{};
}

Finding examine_privilege() {
    if (::geteuid() == 0) return {"root", Judgement::ok, "yes", "", "", true};
    return {"root",
            Judgement::unknown,
            "no",
            "`up` needs it, and some of what is below was not found out",
            "run this with sudo",
            true};
}

Finding examine_namespace(const Result<Namespace>& made) {
    Finding finding{"namespaces", Judgement::ok, "a network namespace can be made", "", "", true};
    if (made) return finding;
    finding.found = describe(made.error());
    finding.judgement = ::geteuid() == 0 ? Judgement::missing : Judgement::unknown;
    finding.consequence = "`up` makes one";
    finding.cure = "run as root; a container needs CAP_SYS_ADMIN and CAP_NET_ADMIN";
    return finding;
}

Finding examine_settings(const Namespace& ns) {
    const auto set = write_sysctl(ns, "net/ipv4/ping_group_range", "0 2147483647");
    if (set) return {"/proc/sys", Judgement::ok, "can be written inside", "", "", true};
    return {"/proc/sys",
            Judgement::missing,
            describe(set.error()),
            "`up` sets some of it inside",
            "let the container write to /proc/sys/net",
            true};
}

// The device without a namespace: whether it is there at all.
Finding examine_tun_file() {
    const auto opened = try_tun_file();
    if (opened) return {"/dev/net/tun", Judgement::unknown, "it can be opened", "", "", true};
    Finding finding = judge_tun(opened);
    const int code = opened.error().code;
    if (code == EACCES || code == EPERM) finding.judgement = Judgement::unknown;
    return finding;
}

void examine_inside(const Result<Namespace>& ns, std::vector<Finding>& all) {
    if (!ns) {
        all.push_back(examine_tun_file());
        for (const char* name : {"TUN offloads", "nftables", "conntrack"})
            all.push_back({name, Judgement::unknown, "needs a namespace of its own to be tried in",
                           "", "run this with sudo"});
        return;
    }
    all.push_back(examine_settings(*ns));
    const auto tun = open_tun(*ns, "wgns0");
    all.push_back(judge_tun(without_value(tun)));
    if (tun) all.push_back(judge_offloads(accept_offloads(tun->front().get(), {true, true})));
    FirewallPlan redirecting;
    redirecting.dns_guard = DnsGuard::redirect;
    redirecting.dns_servers = {*IpAddress::parse("192.0.2.53")};
    const auto standard = apply_firewall(*ns, ns->identity(), {});
    const auto redirected = apply_firewall(*ns, ns->identity(), redirecting);
    for (Finding& finding : judge_firewall(standard, redirected))
        all.push_back(std::move(finding));
}

Finding examine_receiving() {
    constexpr int udp_gro = 104;  // linux/udp.h
    const UniqueFd udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (udp && ::setsockopt(udp.get(), IPPROTO_UDP, udp_gro, &on, sizeof on) == 0)
        return {"UDP_GRO", Judgement::ok, "trains are received as one"};
    return {"UDP_GRO", Judgement::limited, std::strerror(errno),
            "datagrams are received one by one: slower", "Linux 5.0 has it"};
}

Finding examine_ipv6() {
    Finding finding{"IPv6", Judgement::ok, "there"};
    const UniqueFd udp(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto disabled = number_in("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    if (udp && disabled == 0) return finding;
    finding.judgement = Judgement::limited;
    finding.found =
        udp ? "off on this host (net.ipv6.conf.all.disable_ipv6)" : "not in this kernel";
    finding.consequence = "peers are reached by IPv4 alone";
    finding.cure = udp ? "sysctl net.ipv6.conf.all.disable_ipv6=0, if you want it"
                       : "boot without ipv6.disable=1, if you want it";
    return finding;
}

std::string cpu_features() {
    std::string text;
#if defined(__x86_64__)
    const auto add = [&](bool is_there, const char* name) {
        if (is_there) text += std::string(text.empty() ? "" : " ") + name;
    };
    add(__builtin_cpu_supports("avx2") != 0, "avx2");
    add(__builtin_cpu_supports("avx512f") != 0, "avx512f");
    add(__builtin_cpu_supports("avx512bw") != 0, "avx512bw");
    add(__builtin_cpu_supports("avx512ifma") != 0, "avx512ifma");
#endif
    return text.empty() ? "no vector instructions that are used" : text;
}

Finding examine_aead() {
    Finding finding{"CPU, AEAD"};
    const auto made = make_aead(AeadKind::automatic);
    if (!made) {
        finding.judgement = Judgement::missing;
        finding.found = describe(made.error());
        return finding;
    }
    finding.found = cpu_features() + ": `auto` chooses " + std::string(made->aead->name());
    if (made->reason.empty()) return finding;
    finding.judgement = Judgement::limited;
    finding.consequence = made->reason + ": slower";
    finding.cure = "none but another CPU, or a hypervisor that hands its instructions on";
    return finding;
}

int try_user_namespace() {
    const pid_t child = ::fork();
    if (child < 0) return errno;
    if (child == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : errno);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

bool sees_own_mounts() {
    struct stat ours {};
    struct stat first {};
    return ::stat("/proc/self/ns/mnt", &ours) == 0 && ::stat("/proc/1/ns/mnt", &first) == 0 &&
           ours.st_ino != first.st_ino;
}

Finding examine_files() {
    const std::string folder =
        ::access(netns_files_folder, F_OK) == 0 ? netns_files_folder : std::string("/etc");
    Finding finding{netns_files_folder, Judgement::ok, folder + " can be written to", "", "", true};
    if (::access(folder.c_str(), W_OK) == 0) return finding;
    finding.found = folder + ": " + std::strerror(errno);
    finding.judgement = errno == EROFS ? Judgement::missing : Judgement::unknown;
    finding.consequence = "`up` puts resolv.conf and nsswitch.conf there";
    finding.cure = errno == EROFS ? "mount a tmpfs at /etc/netns" : "run this with sudo";
    return finding;
}

}  // namespace

Finding judge_kernel(const std::string& release) {
    Finding finding{"kernel", Judgement::ok, "Linux " + release};
    if (version_of(release) >= version_of("6.7")) return finding;
    finding.judgement = Judgement::limited;
    finding.consequence = version_of(release) >= version_of("6.2")
                              ? "no multishot reads: packets go by epoll, which is slower"
                              : "neither multishot reads nor superpackets of UDP: slower";
    finding.cure = "Linux 6.7 has both";
    return finding;
}

Finding judge_tun(const Status& opened) {
    Finding finding{"/dev/net/tun", Judgement::ok, "a TUN device can be made", "", "", true};
    if (opened) return finding;
    finding.judgement = Judgement::missing;
    finding.found = describe(opened.error());
    finding.consequence = "there is no tunnel without it";
    if (opened.error().hint.empty())
        finding.cure =
            "load the tun module (modprobe tun), or pass /dev/net/tun into the container";
    return finding;
}

Finding judge_offloads(Offloads accepted) {
    Finding finding{"TUN offloads", Judgement::ok, describe(accepted)};
    if (accepted.tcp && accepted.udp) return finding;
    finding.judgement = Judgement::limited;
    finding.consequence = accepted.tcp ? "UDP comes from programs packet by packet: slower"
                                       : "every packet comes by itself: much slower";
    finding.cure = "Linux 6.2 has both";
    return finding;
}

Finding judge_io_uring(const Status& probed) {
    if (probed) return {"io_uring", Judgement::ok, "there, with multishot reads"};
    return {"io_uring", Judgement::limited, describe(probed.error()),
            "packets go by epoll, which is slower",
            "a container needs a seccomp profile that lets io_uring_setup pass; "
            "kernel.io_uring_disabled must be 0"};
}

Finding judge_trains(std::uint32_t segments_max) {
    if (segments_max > 1)
        return {"UDP_SEGMENT", Judgement::ok,
                "trains of " + std::to_string(segments_max) + " datagrams are sent as one"};
    return {"UDP_SEGMENT", Judgement::limited, "not in this kernel, or refused",
            "datagrams are sent one by one: much slower", "Linux 4.18 has it"};
}

std::vector<Finding> judge_firewall(const Status& standard, const Status& redirecting) {
    Finding nftables{"nftables", Judgement::ok, "our rules can be set", "", "", true};
    Finding conntrack{"conntrack", Judgement::ok, "there", "", "", true};
    if (standard) {
        Finding redirection{"redirection", Judgement::ok, "there"};
        if (!redirecting) {
            redirection.judgement = Judgement::limited;
            redirection.found = describe(redirecting.error());
            redirection.consequence = "DNSEnforce cannot be had";
            redirection.cure = "load nft_nat and nft_chain_nat";
        }
        return {nftables, conntrack, redirection};
    }
    const bool is_conntrack = standard.error().subject.find("ct state") != std::string::npos;
    Finding& bad = is_conntrack ? conntrack : nftables;
    bad.judgement = Judgement::missing;
    bad.found = describe(standard.error());
    bad.consequence = "`up` fails unless Firewall = none";
    bad.cure = is_conntrack ? "modprobe -a nf_conntrack nft_ct" : "modprobe nf_tables";
    if (!is_conntrack) {
        conntrack.judgement = Judgement::unknown;
        conntrack.found = "it is tried by nftables";
    }
    return {nftables, conntrack};
}

Finding judge_names(const std::string& mountinfo, bool has_own_mounts) {
    constexpr std::size_t path_field = 4;
    Finding finding{netns_folder, Judgement::ok, "not there yet; `up` makes it, shared"};
    std::istringstream lines(mountinfo);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
        if (fields.size() <= path_field || fields[path_field] != netns_folder) continue;
        const bool is_shared = line.find(" shared:") != std::string::npos;
        finding.found = is_shared ? "a shared mount" : "a mount that is not shared; `up` shares it";
    }
    if (!has_own_mounts) return finding;
    finding.judgement = Judgement::limited;
    finding.found += "; this process has mounts of its own";
    finding.consequence = "names of namespaces that are made here may be seen here alone";
    finding.cure =
        "run `up` outside the container, or in a unit without PrivateMounts and the like";
    return finding;
}

Finding judge_user_namespaces(const UserNamespaces& facts) {
    Finding finding{"user namespaces", Judgement::ok, "there"};
    if (facts.error != 0) finding.found = std::string("unshare: ") + std::strerror(facts.error);
    if (facts.as_root && facts.error == 0) finding.found = "there for root";
    if (facts.longest == 0)
        finding.cure = "sysctl user.max_user_namespaces=10000";
    else if (facts.unprivileged == 0)
        finding.cure = "sysctl kernel.unprivileged_userns_clone=1";
    else if (facts.apparmor_restricts == 1)
        finding.cure = "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile";
    else if (facts.error != 0)
        finding.cure = "a container needs a seccomp profile that lets unshare pass";
    if (finding.cure.empty()) return finding;
    finding.judgement = Judgement::limited;
    finding.consequence = "`run` needs root";
    return finding;
}

Finding examine_user_namespaces() {
    const auto setting = [](const char* name) {
        return number_in(std::string("/proc/sys/") + name);
    };
    return judge_user_namespaces({try_user_namespace(), ::geteuid() == 0,
                                  setting("user/max_user_namespaces"),
                                  setting("kernel/unprivileged_userns_clone"),
                                  setting("kernel/apparmor_restrict_unprivileged_userns")});
}

std::vector<Finding> examine_host() {
    std::vector<Finding> all;
    utsname kernel{};
    ::uname(&kernel);
    all.push_back(judge_kernel(kernel.release));
    all.push_back(examine_privilege());
    const auto ns = Namespace::create();
    all.push_back(examine_namespace(ns));
    all.push_back(judge_names(text_of_file("/proc/self/mountinfo"), sees_own_mounts()));
    all.push_back(examine_files());
    examine_inside(ns, all);
    all.push_back(judge_io_uring(Uring::probe()));
    all.push_back(judge_trains(probe_segments_max()));
    all.push_back(examine_receiving());
    all.push_back(examine_ipv6());
    all.push_back(examine_aead());
    all.push_back(examine_user_namespaces());
    return all;
}

}  // namespace wgns
