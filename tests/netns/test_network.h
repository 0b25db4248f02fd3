// What the tests of netns/ share: names that are taken away again, and a look at /run/netns.
#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include "netns/namespace.h"

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
