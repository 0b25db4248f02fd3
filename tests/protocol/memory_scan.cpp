#include "tests/protocol/memory_scan.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>

#include "base/unique_fd.h"

namespace wgns {

namespace {

constexpr std::size_t piece_size = 16;

struct Mapping {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string name;
    bool is_readable = false;
};

// The head of a mapping in smaps: BEGIN-END PERMISSIONS OFFSET DEVICE INODE NAME.
bool read_head(const std::string& line, Mapping& out) {
    std::istringstream words(line);
    std::string permissions, offset, device, inode;
    char dash = 0;
    words >> std::hex >> out.begin >> dash >> out.end >> permissions >> offset >> device >> inode;
    if (!words || dash != '-') return false;
    std::getline(words >> std::ws, out.name);
    out.is_readable = permissions.starts_with('r') && !out.name.starts_with("[v");
    return true;
}

std::vector<Mapping> mappings_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/smaps");
    std::vector<Mapping> mappings;
    for (std::string line; std::getline(file, line);) {
        Mapping head;
        if (read_head(line, head)) mappings.push_back(head);
        // crypto/secret_pages.h: empty in a child, left out of dumps.
        const bool is_flags = line.starts_with("VmFlags:");
        if (is_flags && line.find(" wf") != line.npos && line.find(" dd") != line.npos)
            mappings.back().name = "secret pages";
    }
    return mappings;
}

std::string text_of(int memory, const Mapping& mapping) {
    std::string text(mapping.end - mapping.begin, '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t got = ::pread(memory, text.data() + done, text.size() - done,
                                    static_cast<off_t>(mapping.begin + done));
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    return text;
}

std::vector<std::string> pieces_of(const std::vector<std::uint8_t>& secret) {
    std::vector<std::string> pieces;
    for (const int pad : {0x00, 0x36, 0x5c})
        for (std::size_t at = 0; at + piece_size <= secret.size(); at += piece_size) {
            std::string piece(secret.begin() + static_cast<std::ptrdiff_t>(at),
                              secret.begin() + static_cast<std::ptrdiff_t>(at + piece_size));
            for (char& each : piece)
                each = static_cast<char>(each ^ pad);
            pieces.push_back(std::move(piece));
        }
    return pieces;
}

}  // namespace

std::map<std::string, std::set<std::string>> find_secrets(pid_t process,
                                                          const NamedSecrets& secrets) {
    std::map<std::string, std::set<std::string>> found;
    const UniqueFd memory(
        ::open(("/proc/" + std::to_string(process) + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
    WG_ASSERT(memory);
    for (const Mapping& mapping : mappings_of(process)) {
        if (!mapping.is_readable) continue;
        const std::string text = text_of(memory.get(), mapping);
        for (const auto& [name, secret] : secrets)
            for (const std::string& piece : pieces_of(secret))
                if (text.find(piece) != text.npos) found[name].insert(mapping.name);
    }
    return found;
}

}  // namespace wgns
