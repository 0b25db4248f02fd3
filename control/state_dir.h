// What an instance leaves on disk while it is up: /run/wgns-user/NAME/ with its journal, pid, its
// sockets for commands and metrics, and log.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/process_id.h"

namespace wgns {

class StateDir {
public:
    static const std::filesystem::path default_root;  // /run/wgns-user

    // `name` passed is_valid_name. Touches nothing.
    explicit StateDir(std::string name, std::filesystem::path root = default_root);

    // A name is one path component that is no dot file, of at most 64 bytes from [A-Za-z0-9_=+.-].
    [[nodiscard]] static bool is_valid_name(std::string_view name) noexcept;
    // Every instance that has a folder, sorted; dead ones too.
    [[nodiscard]] static std::vector<std::string> list(
        const std::filesystem::path& root = default_root);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path journal() const { return path_ / "journal"; }
    [[nodiscard]] std::filesystem::path control_socket() const { return path_ / "control.sock"; }
    [[nodiscard]] std::filesystem::path metrics_socket() const { return path_ / "metrics.sock"; }
    [[nodiscard]] std::filesystem::path log() const { return path_ / "log"; }
    [[nodiscard]] bool exists() const;

    // Makes the folder (0700) if need be and takes its lock, which lives as long as the descriptor.
    // EWOULDBLOCK: another command is at work on this instance, still after `patience`. A process
    // that a killed command has begun to start holds it for a moment more.
    Result<UniqueFd> create_and_lock(std::chrono::milliseconds patience = {}) const;
    // The same for a folder that is there; ENOENT otherwise, or once another took it away.
    Result<UniqueFd> lock(std::chrono::milliseconds patience = {}) const;
    static constexpr std::chrono::milliseconds usual_patience{1000};
    // Takes the folder and what is in it away. Done also when it is not there.
    Status remove() const;

    Status write_supervisor(const ProcessId& supervisor) const;
    // Nothing when none was written or it has ended.
    [[nodiscard]] std::optional<ProcessId> running_supervisor() const;

    // Held by whoever makes or takes away what instances may share. Waits a while for another one;
    // EWOULDBLOCK then. It lives as long as the descriptor.
    static Result<UniqueFd> lock_all(const std::filesystem::path& root = default_root);
    [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

    // Small texts of this state. Private (0600), replaced as a whole.
    static constexpr const char* fingerprint = "fingerprint";  // of its configuration
    static constexpr const char* namespace_name = "namespace";
    static constexpr const char* expected = "expected";   // control/expected_network.h
    static constexpr const char* hooks = "hooks";         // of `down`; control/hooks.h
    static constexpr const char* steps = "steps";         // what was made; control/plan.h
    static constexpr const char* config_file = "config";  // the path that `up` was given
    Status write(std::string_view file, std::string_view text) const;
    [[nodiscard]] std::optional<std::string> read(std::string_view file) const;

private:
    std::string name_;
    std::filesystem::path root_;
    std::filesystem::path path_;
};

}  // namespace wgns
