// A frame of `top` as lines of text: no terminal, no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/top_model.h"

namespace wgns {

enum class TopStyle { plain, title, trouble, graph, quiet };

struct TopPart {
    TopStyle style = TopStyle::plain;
    std::string text;
};
using TopLine = std::vector<TopPart>;

struct TopLayout {
    std::size_t columns = 80;
    bool is_utf8 = true;   // else graphs are made of ASCII
    std::int64_t now = 0;  // wall time, seconds since 1970
};

// No line is wider than the columns, and none has a control character in it.
[[nodiscard]] std::vector<TopLine> top_lines(const std::vector<TopInstance>& instances,
                                             const TopLayout& layout);

// A column for each rate, the newest at the right, as high as it is in proportion to `highest`;
// without traffic a column is blank. The newest `columns` ones.
[[nodiscard]] std::string top_graph(const std::vector<double>& rates, double highest,
                                    std::size_t columns, bool is_utf8);

// The columns that a text takes in a terminal, in the process's locale (LC_CTYPE), as ncurses
// counts them. Control characters and what is no text in that locale count as one.
[[nodiscard]] std::size_t width_in_columns(std::string_view text);
// So much of it as fits, with '?' for control characters and for what is no text.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t columns);

}  // namespace wgns
