#include "cli/top_screen.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>
// Last: it has macros of everybody's names, unless told otherwise.
#define NCURSES_NOMACROS 1
#include <curses.h>

namespace wgns {

namespace {

constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr const char* keys_line = " q quits, arrows scroll";

sigset_t set_of_ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : ending_signals)
        sigaddset(&set, signal);
    return set;
}

enum Colour : short { graph_colour = 1, trouble_colour = 2 };

chtype attributes_of(TopStyle style) {
    const auto colour = [](Colour pair) {
        return ::has_colors() ? static_cast<chtype>(COLOR_PAIR(pair)) : chtype{0};
    };
    switch (style) {
        case TopStyle::title:
            return A_BOLD;
        case TopStyle::trouble:
            return colour(trouble_colour) | A_BOLD;
        case TopStyle::graph:
            return colour(graph_colour);
        case TopStyle::quiet:
            return A_DIM;
        case TopStyle::plain:
            break;
    }
    return A_NORMAL;
}

std::size_t size_of(int from_curses) {
    return static_cast<std::size_t>(std::max(from_curses, 0));
}

}  // namespace

Result<std::unique_ptr<TopScreen>> TopScreen::open() {
    const sigset_t set = set_of_ending_signals();
    UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return Error{errno, "signalfd", "", ""};
    // Before the library is there, whose own handlers end the process.
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // Unlike initscr it returns where it knows nothing of the terminal.
    if (::newterm(nullptr, stdout, stdin) == nullptr) {
        ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        return Error{ENOTSUP, "open", "terminal", "TERM names none that is known; use --once"};
    }
    return std::unique_ptr<TopScreen>(new TopScreen(std::move(signals)));
}

TopScreen::TopScreen(UniqueFd signals) noexcept : signals_(std::move(signals)) {
    ::cbreak();
    ::noecho();
    ::curs_set(0);
    ::keypad(stdscr, TRUE);
    ::nodelay(stdscr, TRUE);
    ::set_escdelay(25);
    if (!::has_colors()) return;
    ::start_color();
    const short background = ::use_default_colors() == OK ? -1 : COLOR_BLACK;
    ::init_pair(graph_colour, COLOR_GREEN, background);
    ::init_pair(trouble_colour, COLOR_RED, background);
}

TopScreen::~TopScreen() {
    ::endwin();
    // Those that have come have been obeyed, and are not to end the process again.
    signalfd_siginfo obeyed{};
    while (::read(signals_.get(), &obeyed, sizeof obeyed) > 0) {
    }
    const sigset_t set = set_of_ending_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::size_t TopScreen::columns() const {
    return size_of(::getmaxx(stdscr));
}

void TopScreen::draw(const std::vector<TopLine>& lines) {
    const std::size_t rows = size_of(::getmaxy(stdscr));
    const std::size_t room = rows > 1 ? rows - 1 : rows;  // the last one is for the keys
    line_count_ = lines.size();
    first_line_ = std::min(first_line_, line_count_ > room ? line_count_ - room : 0);
    ::werase(stdscr);
    for (std::size_t row = 0; row < room && first_line_ + row < lines.size(); ++row) {
        ::wmove(stdscr, static_cast<int>(row), 0);
        for (const TopPart& part : lines[first_line_ + row]) {
            ::wattrset(stdscr, static_cast<int>(attributes_of(part.style)));
            ::waddnstr(stdscr, part.text.data(), static_cast<int>(part.text.size()));
        }
    }
    ::wattrset(stdscr, static_cast<int>(A_DIM));
    // The last column of the last row stays free: writing there would scroll some terminals.
    if (rows > 1 && columns() > 1)
        mvwaddnstr(stdscr, static_cast<int>(rows - 1), 0, keys_line,
                   static_cast<int>(columns() - 1));
    ::wrefresh(stdscr);
}

TopScreen::Wish TopScreen::wait(std::chrono::steady_clock::time_point until) {
    using namespace std::chrono;
    const auto left = ceil<milliseconds>(until - steady_clock::now());
    std::array<pollfd, 2> polled{{{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
    const int ready = ::poll(polled.data(), polled.size(),
                             static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (ready < 0 && errno != EINTR) return Wish::quit;
    if (ready > 0 && polled[1].revents != 0) return Wish::quit;
    // The terminal is gone, and nobody can see what would be drawn.
    if (ready > 0 && (polled[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return Wish::quit;
    // After a signal as well: a new size is a key.
    return take_keys();
}

TopScreen::Wish TopScreen::take_keys() {
    for (;;) {
        switch (::wgetch(stdscr)) {
            case ERR:
                return Wish::go_on;
            case 'q':
            case 'Q':
                return Wish::quit;
            case KEY_UP:
                scroll(-1);
                break;
            case KEY_DOWN:
                scroll(1);
                break;
            case KEY_PPAGE:
                scroll(-::getmaxy(stdscr) / 2);
                break;
            case KEY_NPAGE:
                scroll(::getmaxy(stdscr) / 2);
                break;
            default:
                break;
        }
    }
}

void TopScreen::scroll(int lines) {
    const auto wanted = static_cast<long>(first_line_) + lines;
    first_line_ = static_cast<std::size_t>(std::clamp(wanted, 0L, static_cast<long>(line_count_)));
}

}  // namespace wgns
