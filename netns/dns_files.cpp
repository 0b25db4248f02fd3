#include "netns/dns_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "netns/marked_file.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

// Whether the folder holds files of ours and nothing else: a crash of the machine has left it.
bool is_left_by_us(const std::string& folder) {
    std::error_code error;
    bool holds_ours = false;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        if (owner_of(entry.path().string()) != FileOwner::us) return false;
        holds_ours = true;
    }
    return holds_ours && !error;
}

Status make_folder(const std::string& path, Journal& journal) {
    struct stat info {};
    const bool is_there = ::stat(path.c_str(), &info) == 0;
    if (is_there && !is_left_by_us(path)) return Done{};
    auto made = journal.will_make(MadeFolder{path});
    if (made && ::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return Error{errno, "mkdir", path,
                     errno == EROFS ? "mount a tmpfs at /etc/netns, which must be writable" : ""};
    return made;
}

Status expect_no_others(const std::string& path) {
    if (owner_of(path) != FileOwner::others) return Done{};
    return Error{EEXIST, "write", path,
                 "this file is not wgns-user's: take it away, or keep it and leave DNS out of "
                 "the configuration"};
}

Status make_file(const std::string& path, const std::string& text, Journal& journal) {
    const auto free = expect_no_others(path);
    if (!free) return free;
    auto made = journal.will_make(MadeFile{path});
    if (made) made = write_marked_file(path, text);
    return made;
}

}  // namespace

std::string resolv_conf(const DnsFiles& dns) {
    std::string text;
    for (const IpAddress& server : dns.servers)
        text += "nameserver " + server.to_string() + "\n";
    if (dns.search.empty()) return text;
    text += "search";
    for (const std::string& domain : dns.search)
        text += " " + domain;
    return text + "\n";
}

std::string nsswitch_conf() {
    return "passwd: files systemd\n"
           "group: files systemd\n"
           "shadow: files\n"
           "hosts: files dns\n"
           "networks: files\n"
           "ethers: files\n"
           "services: files\n"
           "protocols: files\n"
           "rpc: files\n";
}

Status make_dns_files(const std::string& name, const DnsFiles& dns, Journal& journal,
                      const std::string& root) {
    const std::string folder = root + "/" + name;
    const std::string resolv = folder + "/resolv.conf";
    const std::string nsswitch = folder + "/nsswitch.conf";
    auto done = make_folder(root, journal);
    if (done) done = make_folder(folder, journal);
    if (done && !dns.empty()) done = make_file(resolv, resolv_conf(dns), journal);
    if (done && dns.empty()) done = remove_marked_file(resolv);
    const bool is_users_own = dns.empty() && owner_of(nsswitch) == FileOwner::others;
    if (done && !is_users_own) done = make_file(nsswitch, nsswitch_conf(), journal);
    return done;
}

Result<std::vector<MountView::Text>> dns_texts(const std::string& name, const DnsFiles& dns,
                                               const std::string& root) {
    const std::string folder = root + "/" + name;
    std::vector<MountView::Text> texts;
    if (!dns.empty()) texts.push_back({"resolv.conf", resolv_conf(dns)});
    const bool is_users_own =
        dns.empty() && owner_of(folder + "/nsswitch.conf") == FileOwner::others;
    if (!is_users_own) texts.push_back({"nsswitch.conf", nsswitch_conf()});
    for (const MountView::Text& each : texts)
        if (auto free = expect_no_others(folder + "/" + each.name); !free) return free.error();
    return texts;
}

}  // namespace wgns
