#include "control/namespace_users.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace wgns {

namespace fs = std::filesystem;

std::vector<std::string> processes_inside(const std::string& netns) {
    std::vector<std::string> inside;
    struct stat wanted {};
    if (::stat(netns.c_str(), &wanted) < 0) return inside;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
        const std::string pid = entry.path().filename().string();
        if (!std::all_of(pid.begin(), pid.end(), [](char c) { return c >= '0' && c <= '9'; }))
            continue;
        struct stat own {};
        if (::stat((entry.path() / "ns/net").c_str(), &own) < 0) continue;
        if (own.st_ino != wanted.st_ino || own.st_dev != wanted.st_dev) continue;
        std::string command;
        std::ifstream comm(entry.path() / "comm");
        std::getline(comm, command);
        inside.push_back(command + " (" + pid + ")");
    }
    return inside;
}

}  // namespace wgns
