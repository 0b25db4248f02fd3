// What a process does to itself for good, tried in a child.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "base/read_file.h"

namespace wgns {

// How a child ends in which `what` holds: 0 if so, 1 if not; a signal's number and 128.
inline int child_status(const std::function<bool()>& what) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(what() ? 0 : 1);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Of the line "KEY:\tVALUE" of /proc/PID/status.
inline std::string status_field(const std::string& text, const std::string& key) {
    const std::size_t at = text.find("\n" + key + ":\t");
    if (at == std::string::npos) return "";
    const std::size_t from = at + key.size() + 3;
    return text.substr(from, text.find('\n', from) - from);
}
inline std::string own_status(const std::string& key) {
    return status_field(text_of_file("/proc/thread-self/status"), key);
}

inline constexpr const char* no_capability = "0000000000000000";

}  // namespace wgns
