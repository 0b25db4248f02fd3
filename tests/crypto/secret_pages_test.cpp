#include "crypto/secret_pages.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/read_file.h"

namespace wgns {
namespace {

struct Holder : InSecretPages {
    std::array<std::uint8_t, 1000> bytes{};
};

// Of the mapping that an address is in, the line "VmFlags:" of /proc/self/smaps (proc(5)).
std::string flags_of(const void* at) {
    std::istringstream lines(text_of_file("/proc/self/smaps"));
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    bool is_in = false;
    for (std::string line; std::getline(lines, line);) {
        std::uintptr_t from = 0;
        std::uintptr_t to = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2)
            is_in = from <= address && address < to;
        if (is_in && line.starts_with("VmFlags:")) return line + ' ';
    }
    return "";
}

TEST(secret_pages, are_neither_dumped_nor_in_a_child) {
    const auto held = std::make_unique<Holder>();
    held->bytes.fill(0x5a);
    const std::string flags = flags_of(held.get());
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
    EXPECT_NE(flags.find(" wf "), std::string::npos) << flags;
    EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(held->bytes[0] == 0 && held->bytes[999] == 0 ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(held->bytes[999], 0x5a);
}

TEST(secret_pages, take_many_objects_of_any_size) {
    std::vector<std::unique_ptr<Holder>> many;
    for (int i = 0; i < 10'000; ++i) {
        many.push_back(std::make_unique<Holder>());
        many.back()->bytes.fill(static_cast<std::uint8_t>(i));
    }
    for (int i = 0; i < 10'000; ++i)
        ASSERT_EQ(many[static_cast<std::size_t>(i)]->bytes[999], static_cast<std::uint8_t>(i));
    void* const large = secret_pages().allocate(1'000'000);
    EXPECT_NE(flags_of(large).find(" dd "), std::string::npos);
    secret_pages().deallocate(large, 1'000'000);
}

}  // namespace
}  // namespace wgns
