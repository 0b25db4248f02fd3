// The terminal, by ncurses: the only unit that knows it. One at a time in a process.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cli/top_view.h"

namespace wgns {

class TopScreen {
public:
    enum class Wish { go_on, quit };

    // Takes the terminal over, and the signals that end the process; gives both back when it goes.
    static Result<std::unique_ptr<TopScreen>> open();
    ~TopScreen();
    TopScreen(const TopScreen&) = delete;
    TopScreen& operator=(const TopScreen&) = delete;

    [[nodiscard]] std::size_t columns() const;
    // Those of the lines that have room; the keys of `wait` choose which.
    void draw(const std::vector<TopLine>& lines);
    // Until then, or until a key or a new size wants another frame.
    Wish wait(std::chrono::steady_clock::time_point until);

private:
    explicit TopScreen(UniqueFd signals) noexcept;

    Wish take_keys();
    void scroll(int lines);

    UniqueFd signals_;
    std::size_t first_line_ = 0;
    std::size_t line_count_ = 0;
};

}  // namespace wgns
