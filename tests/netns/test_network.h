// What tests of namespaces share: names that are taken away again, a look at /run/netns, and links
// that move.
#pragma once

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>

#include "netns/link.h"
#include "netns/namespace.h"
#include "netns/tun_device.h"

#define WGNS_SKIP_UNLESS_ROOT() \
    if (::geteuid() != 0) GTEST_SKIP() << "network namespaces and TUN devices need root"

namespace wgns {

// A name in /run/netns that nobody else has, free again afterwards whatever the test left there.
class TestName {
public:
    explicit TestName(const std::string& suffix)
        : text_("wgnstest" + std::to_string(::getpid()) + suffix) {}
    ~TestName() {
        ::umount2(path().c_str(), MNT_DETACH);
        ::unlink(path().c_str());
    }
    TestName(const TestName&) = delete;
    TestName& operator=(const TestName&) = delete;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::string path() const { return netns_path(text_); }
    [[nodiscard]] bool exists() const { return std::filesystem::exists(path()); }

private:
    std::string text_;
};

// Of this process alone: others may run beside it.
inline std::set<std::string> names_of_this_test() {
    std::set<std::string> names;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(netns_folder, missing)) {
        const std::string name = entry.path().filename();
        if (name.starts_with("wgnstest" + std::to_string(::getpid()))) names.insert(name);
    }
    return names;
}

// A namespace with a TUN, and a Netlink in it.
struct TunInside {
    TunInside() {
        EXPECT_TRUE(tun) << describe(tun.error());
        EXPECT_TRUE(netlink) << describe(netlink.error());
        link = *find_link(*netlink, "wgnstest0");
    }

    Namespace ns = *Namespace::create();
    Result<TunQueues> tun = open_tun(ns, "wgnstest0");
    Result<Netlink> netlink = ns.run([] { return Netlink::open(); });
    Link link;
};

// To the namespace that the descriptor is of.
inline Status move_link(Netlink& netlink, const Link& link, int ns) {
    alignas(nlmsghdr) std::array<char, 256> piece{};
    nlmsghdr* const header = mnl_nlmsg_put_header(piece.data());
    header->nlmsg_type = RTM_NEWLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg)))->ifi_index =
        static_cast<int>(link.index);
    mnl_attr_put_u32(header, IFLA_NET_NS_FD, static_cast<std::uint32_t>(ns));
    return netlink.request(*header, "RTM_NEWLINK", link.name);
}

// A folder for one test, gone with its owner.
class TestFolder {
public:
    TestFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "wgns-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TestFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace wgns
