#include "control/leak_check.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <utility>

#include "base/read_file.h"
#include "control/instance.h"
#include "control/neighbours.h"
#include "control/run_inside.h"
#include "control/state_dir.h"
#include "netns/firewall.h"
#include "netns/marked_file.h"
#include "netns/mount_view.h"
#include "netns/namespace.h"
#include "netns/netlink.h"

namespace wgns {

namespace {

constexpr std::chrono::milliseconds answer_patience{2000};
constexpr std::size_t servers_max = 3;  // MAXNS of libc
constexpr const char* again = "take the instance down and up again";

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all += (all.empty() ? "" : ", ") + text;
    return all;
}

bool is_one_of(const Tunnels& tunnels, const std::string& link) {
    return std::find(tunnels.begin(), tunnels.end(), link) != tunnels.end();
}

std::string name_of_link(const std::vector<Link>& links, std::uint32_t index) {
    for (const Link& link : links)
        if (link.index == index) return link.name;
    return "link " + std::to_string(index);
}

// The kernel puts these into every namespace when a module for tunnels is loaded. Down, they carry
// nothing.
bool is_fallback(const Link& link) {
    constexpr std::array<const char*, 9> names{"tunl0",    "gre0", "gretap0", "erspan0", "ip_vti0",
                                               "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"};
    return !link.is_up && std::find(names.begin(), names.end(), link.name) != names.end();
}

// By which libc, or a program that knows the daemon, asks the host.
std::vector<std::string> reachable_name_services() {
    std::vector<std::string> reachable;
    for (const char* path :
         {"/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve",
          "/run/systemd/resolve/io.systemd.Resolve.Monitor", "/run/avahi-daemon/socket",
          "/var/run/avahi-daemon/socket", "/run/mdnsd", "/var/run/mdnsd"})
        if (::access(path, F_OK) == 0) reachable.emplace_back(path);
    return reachable;
}

struct Surroundings {
    std::vector<Link> links;
    std::vector<Path> paths;
};

Result<Surroundings> look_around() {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    auto links = list_links(*netlink);
    if (!links) return links.error();
    auto paths = list_paths(*netlink);
    if (!paths) return paths.error();
    return Surroundings{std::move(*links), std::move(*paths)};
}

// One check, from what is known before to its findings.
class LeakCheck {
public:
    LeakCheck(Place place, Tunnels tunnels, std::optional<ExpectedNetwork> expected)
        : place_(std::move(place)), tunnels_(std::move(tunnels)), expected_(std::move(expected)) {}

    Result<std::vector<Finding>> run() {
        const auto ns = Namespace::open(place_.netns);
        if (!ns) return ns.error();
        const auto entered = enter_network(place_);
        if (!entered) return entered.error();
        const auto around = look_around();
        if (!around) return around.error();
        const auto missing = missing_rules(*ns, expected_ ? expected_->firewall : FirewallPlan{});
        // Last, because a view that is half made may be in the way of everything else.
        look_at_files();
        add(judge_links(around->links, tunnels_));
        add(judge_paths(around->paths, around->links, tunnels_));
        add(judge_rules(expected_, missing));
        add(judge_questions(ask(), around->links, tunnels_));
        return std::move(findings_);
    }

private:
    void add(Finding finding) { findings_.push_back(std::move(finding)); }

    void look_at_files() {
        const auto seen = enter_mount_view(place_.view);
        if (!seen) {
            add({"view", Judgement::failed, describe(seen.error()), "`exec` refuses to run",
                 again});
            for (const char* name : {"resolver", "nsswitch", "name services"})
                add({name, Judgement::unknown, "there is no view to look at"});
            return;
        }
        add({"view", Judgement::ok, "as `exec` gives it"});
        resolv_conf_ = text_of_file("/etc/resolv.conf");
        const bool is_own = ::access((place_.view.files + "/resolv.conf").c_str(), F_OK) == 0;
        const auto dns = expected_ ? std::optional<DnsFiles>(expected_->dns) : std::nullopt;
        add(judge_resolver(dns, resolv_conf_, is_own));
        add(judge_nsswitch(text_of_file("/etc/nsswitch.conf")));
        add(judge_name_services(reachable_name_services()));
    }

    [[nodiscard]] std::vector<Question> ask() const {
        auto servers = expected_ ? expected_->dns.servers : std::vector<IpAddress>{};
        if (servers.empty()) servers = name_servers(resolv_conf_);
        if (servers.size() > servers_max) servers.resize(servers_max);
        std::vector<Question> asked;
        for (const IpAddress& server : servers)
            asked.push_back({server, trace_question(server, answer_patience)});
        return asked;
    }

    Place place_;
    Tunnels tunnels_;
    std::optional<ExpectedNetwork> expected_;
    std::vector<Finding> findings_;
    std::string resolv_conf_;
};

}  // namespace

std::vector<IpAddress> name_servers(const std::string& text) {
    std::vector<IpAddress> servers;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line) && servers.size() < servers_max;) {
        std::istringstream words(line);
        std::string key;
        std::string value;
        words >> key >> value;
        const auto address = IpAddress::parse(value.substr(0, value.find('%')));
        if (key == "nameserver" && address) servers.push_back(*address);
    }
    return servers;
}

Finding judge_resolver(const std::optional<DnsFiles>& expected, const std::string& text,
                       bool is_own) {
    Finding finding{"resolver", Judgement::ok, "/etc/resolv.conf is the one that `up` wrote"};
    const std::string mark(file_mark);
    if (expected && !expected->empty()) {
        if (text == mark + resolv_conf(*expected)) return finding;
        finding.found = "/etc/resolv.conf is not the one that `up` wrote";
    } else {
        if (!expected && text.starts_with(mark)) return finding;
        finding.found = "/etc/resolv.conf is a file of yours for this namespace";
        if (is_own) return finding;
        finding.found = "/etc/resolv.conf is the host's";
    }
    finding.judgement = Judgement::failed;
    finding.consequence = "programs inside ask other name servers than the configured ones";
    finding.cure = expected && !expected->empty() ? again : "set DNS = in the configuration";
    return finding;
}

Finding judge_nsswitch(const std::string& text) {
    Finding finding{"nsswitch", Judgement::ok, "hosts are looked up in files and by DNS"};
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string word;
        if (!(words >> word) || word != "hosts:") continue;
        while (words >> word) {
            if (word == "files" || word == "dns" || word.front() == '[' || word.back() == ']')
                continue;
            finding.judgement = Judgement::failed;
            finding.found = "hosts are looked up by `" + word + "` too";
            finding.consequence = "a daemon of the host may be asked";
            finding.cure = again;
        }
    }
    return finding;
}

Finding judge_name_services(const std::vector<std::string>& reachable) {
    if (reachable.empty())
        return {"name services", Judgement::ok, "no socket of the host's name services is there"};
    return {"name services", Judgement::failed, joined(reachable) + " can be reached",
            "names may be looked up by the host", again};
}

Finding judge_links(const std::vector<Link>& links, const Tunnels& tunnels) {
    std::vector<std::string> others;
    bool has_tunnel = false;
    for (const Link& link : links) {
        has_tunnel = has_tunnel || (link.name == tunnels.front() && link.is_up);
        if (link.name != "lo" && !is_one_of(tunnels, link.name) && !is_fallback(link))
            others.push_back(link.name);
    }
    if (!has_tunnel)
        return {"interfaces", Judgement::failed, tunnels.front() + " is not there, or down",
                "nothing gets out", again};
    if (others.empty())
        return {"interfaces", Judgement::ok, "lo and " + joined(tunnels) + " alone"};
    return {"interfaces", Judgement::failed, joined(others) + " beside lo and " + joined(tunnels),
            "packets can leave there", "take it out of the namespace (ip link del)"};
}

Finding judge_paths(const std::vector<Path>& paths, const std::vector<Link>& links,
                    const Tunnels& tunnels) {
    std::vector<std::string> others;
    bool has_default = false;
    for (const Path& path : paths)
        for (const std::uint32_t index : path.links) {
            const std::string link = name_of_link(links, index);
            has_default = has_default || path.destination.length == 0;
            if (!is_one_of(tunnels, link) && link != "lo")
                others.push_back(path.destination.to_string() + " dev " + link);
        }
    if (!others.empty())
        return {"routes", Judgement::failed, joined(others), "that does not go through the tunnel",
                "take the route away (ip route del)"};
    return {"routes", Judgement::ok,
            has_default ? "the default route leads into " + joined(tunnels)
                        : "there is no default route, and no other way than " + joined(tunnels)};
}

Finding judge_rules(const std::optional<ExpectedNetwork>& expected,
                    const Result<std::vector<std::string>>& missing) {
    if (expected && !expected->has_firewall)
        return {"firewall", Judgement::ok, "none of ours, as the configuration wants it"};
    if (!missing) return {"firewall", Judgement::failed, describe(missing.error()), "", again};
    std::vector<std::string> lacking = *missing;
    // Ports may be opened before this one, but which is not known.
    if (!expected) std::erase(lacking, "my_input: counter");
    if (!lacking.empty())
        return {"firewall", Judgement::failed, "not in force: " + joined(lacking),
                "hosts behind the tunnel may reach programs inside", again};
    return {"firewall", Judgement::ok,
            expected ? "every rule of ours is in force"
                     : "the standard rules are in force; what else was asked for is not known"};
}

Finding judge_questions(const std::vector<Question>& asked, const std::vector<Link>& links,
                        const Tunnels& tunnels) {
    Finding finding{"DNS query"};
    std::vector<std::string> lines;
    std::vector<std::string> elsewhere;
    bool has_left = false;
    for (const auto& [server, path] : asked) {
        if (!path) {
            lines.push_back(describe(path.error()));
            continue;
        }
        for (const std::uint32_t index : path->links) {
            const std::string link = name_of_link(links, index);
            lines.push_back("to " + server.to_string() + " by " + link +
                            (path->is_answered ? "" : " (no answer)"));
            has_left = has_left || is_one_of(tunnels, link);
            if (!is_one_of(tunnels, link)) elsewhere.push_back(link);
        }
        if (path->links.empty()) lines.push_back("to " + server.to_string() + " left by no link");
    }
    finding.found = lines.empty() ? "no name server is known" : joined(lines);
    if (has_left && elsewhere.empty()) return finding;
    finding.judgement = Judgement::failed;
    finding.consequence =
        elsewhere.empty() ? "no name is found inside" : "queries leave by " + joined(elsewhere);
    finding.cure = elsewhere.empty() ? "look at DNS = and at AllowedIPs = in the configuration"
                                     : "take that interface or route away";
    return finding;
}

Result<std::vector<Finding>, Failure> check_leaks(const std::string& name) {
    if (::geteuid() != 0)
        return Failure{exit_status::failed, "check: this needs root; run it with sudo"};
    auto place = place_of(name);
    if (!place) return place.error();
    const auto status = query_status(name);
    if (!status) return status.error();
    const StateDir state(name);
    const auto text = state.read(StateDir::expected);
    auto expected = text ? parse_expected_network(*text) : std::nullopt;
    Tunnels tunnels{status->value("interface", "")};
    for (std::string& other : neighbours_interfaces(state, status->value("namespace", "")))
        tunnels.push_back(std::move(other));
    // Where another instance made the namespace, its rules and files are in force.
    if (expected && !expected->owns_namespace) expected = owner_of_namespace(state, *expected);
    auto findings = LeakCheck(std::move(*place), std::move(tunnels), std::move(expected)).run();
    if (!findings) return step_failed("check " + name, findings.error());
    return std::move(*findings);
}

}  // namespace wgns
