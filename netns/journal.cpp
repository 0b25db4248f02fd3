#include "netns/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "netns/marked_file.h"
#include "netns/namespace.h"

namespace wgns {

namespace {

using nlohmann::json;

json to_json(const Made& made) {
    if (const auto* ns = std::get_if<MadeNamespace>(&made))
        return {{"namespace", ns->name}, {"identity", ns->identity}};
    if (const auto* file = std::get_if<MadeFile>(&made)) return {{"file", file->path}};
    if (const auto* link = std::get_if<MadeLink>(&made))
        return {{"link", link->path}, {"target", link->target}};
    return {{"folder", std::get<MadeFolder>(made).path}};
}

std::optional<Made> from_json(const json& line) {
    if (!line.is_object()) return std::nullopt;
    if (line.contains("namespace") && line["namespace"].is_string() && line.contains("identity") &&
        line["identity"].is_number_unsigned())
        return MadeNamespace{line["namespace"], line["identity"]};
    if (line.contains("file") && line["file"].is_string()) return MadeFile{line["file"]};
    if (line.contains("link") && line["link"].is_string() && line.contains("target") &&
        line["target"].is_string())
        return MadeLink{line["link"], line["target"]};
    if (line.contains("folder") && line["folder"].is_string()) return MadeFolder{line["folder"]};
    return std::nullopt;
}

// Looks first, because a file system that is read-only says so even of what is not there.
Status remove_folder(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return Done{};
    const bool is_gone = ::rmdir(path.c_str()) == 0 || errno == ENOENT;
    if (!is_gone && errno != ENOTEMPTY && errno != EEXIST) return Error{errno, "rmdir", path, {}};
    return Done{};
}

Status remove_link(const MadeLink& link) {
    std::error_code none;
    if (std::filesystem::read_symlink(link.path, none) != link.target) return Done{};
    if (::unlink(link.path.c_str()) != 0 && errno != ENOENT)
        return Error{errno, "unlink", link.path, {}};
    return Done{};
}

Status take_away(const Made& made) {
    if (const auto* ns = std::get_if<MadeNamespace>(&made))
        return remove_name(ns->name, ns->identity);
    if (const auto* file = std::get_if<MadeFile>(&made)) return remove_marked_file(file->path);
    if (const auto* link = std::get_if<MadeLink>(&made)) return remove_link(*link);
    return remove_folder(std::get<MadeFolder>(made).path);
}

}  // namespace

std::string describe(const Made& made) {
    if (const auto* ns = std::get_if<MadeNamespace>(&made)) return "namespace " + ns->name;
    if (const auto* file = std::get_if<MadeFile>(&made)) return "file " + file->path;
    if (const auto* link = std::get_if<MadeLink>(&made)) return "link " + link->path;
    return "folder " + std::get<MadeFolder>(made).path;
}

Result<Journal> Journal::open(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file) return Error{errno, "open", path, {}};
    // A torn last line must not swallow the next one; empty lines say nothing.
    if (::lseek(file.get(), 0, SEEK_END) > 0 && ::write(file.get(), "\n", 1) != 1)
        return Error{errno, "write", path, "is the disk full?"};
    return Journal(std::move(file), path);
}

Status Journal::will_make(const Made& made) {
    const std::string line = to_json(made).dump() + "\n";
    if (::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return Error{errno, "write", path_, "is the disk full?"};
    if (::fdatasync(file_.get()) != 0) return Error{errno, "fdatasync", path_, {}};
    return Done{};
}

Result<std::vector<Made>> read_journal(const std::string& path) {
    std::vector<Made> all;
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line))
        if (auto made = from_json(json::parse(line, nullptr, false)))
            all.push_back(*std::move(made));
    return all;
}

std::vector<Error> undo(const std::vector<Made>& made) {
    std::vector<Error> failures;
    for (auto one = made.rbegin(); one != made.rend(); ++one)
        if (auto gone = take_away(*one); !gone) failures.push_back(gone.error());
    return failures;
}

}  // namespace wgns
