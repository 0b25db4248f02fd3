#include "cli/bench/svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/bench/statistics.h"
#include "cli/bench/table.h"

namespace wgns::bench {

namespace {

// Pixels.
constexpr int width = 860;
constexpr int margin = 24;
constexpr int bars_left = 214;
constexpr int bars_right = 690;
constexpr int better_right = 690;
constexpr int value_gap = 6;
constexpr int bar_height = 13;
constexpr int row_gap = 7;
constexpr int line_height = 18;
constexpr int section_gap = 22;

// Plain rules instead of variables, which not every program that draws SVG knows. The first
// contestant's bars are class c0, the next one's c1.
constexpr const char* style = R"(<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.value { font-size: 11px; }
.head { font-size: 17px; font-weight: 600; }
.section { font-size: 13px; font-weight: 600; }
.faint { fill: #656d76; }
.right { text-anchor: end; }
.paper { fill: #ffffff; }
.rule { stroke: #d0d7de; }
.c0 { fill: #1f6feb; }
.c1 { fill: #bf8700; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.faint { fill: #9198a1; }
.paper { fill: #0d1117; }
.rule { stroke: #3d444d; }
.c0 { fill: #4493f8; }
.c1 { fill: #d29922; }
}
</style>
)";

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else if (c == '&')
            safe += "&amp;";
        else
            safe += c;
    }
    return safe;
}

class Picture {
public:
    explicit Picture(const BenchResult& result) : result_(result) {}

    std::string draw() {
        head();
        for (const Section& section : sections())
            if (has_any(result_, section)) draw_section(section);
        y_ += margin;
        return fmt::format(
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
                   "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>wgns-user bench</title>\n{2}"
                   "<rect class=\"paper\" width=\"{0}\" height=\"{1}\"/>\n",
                   width, y_, style) +
               body_ + "</svg>\n";
    }

private:
    struct At {
        int x = 0;
        int y = 0;
    };
    void text(At at, const char* kind, const std::string& what) {
        body_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n", at.x, at.y, kind,
                             escaped(what));
    }
    void bar(At at, int length, std::size_t contestant) {
        body_ += fmt::format(
            "<rect class=\"c{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>\n",
            contestant, at.x, at.y, length, bar_height - 1);
    }
    void head() {
        y_ = margin + 14;
        text({margin, y_}, "head",
             result_.path.empty() ? "Through a tunnel between two hosts on one machine"
                                  : "Through the tunnel " + result_.path);
        y_ += line_height + 2;
        text({margin, y_}, "faint",
             fmt::format("{} x {}, Linux {}, {}", result_.machine.cpus, result_.machine.cpu,
                         result_.machine.kernel, result_.when));
        y_ += line_height;
        text({margin, y_}, "faint", print_extent(result_.extent));
        for (std::size_t i = 0; i < result_.contestants.size(); ++i) {
            const Contestant& each = result_.contestants[i];
            y_ += line_height;
            bar({margin, y_ - bar_height + 3}, bar_height, i);
            text({margin + 20, y_}, "plain",
                 each.name + (each.version.empty() ? "" : ": " + each.version));
        }
    }
    void draw_section(const Section& section) {
        y_ += section_gap + line_height;
        text({margin, y_}, "section", fmt::format("{}, {}", section.title, section.unit));
        text({better_right, y_}, "faint right",
             section.is_higher_better ? "more is better" : "less is better");
        if (result_.contestants.size() > 1)
            text({width - margin, y_}, "faint right", "ours : the other");
        y_ += 6;
        body_ += fmt::format("<line class=\"rule\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
                             margin, y_, width - margin, y_);
        y_ += row_gap;
        const double most = largest(section);
        for (const Figure& figure : figures())
            if (figure.section == &section && has_any(result_, figure)) draw_row(figure, most);
    }
    void draw_row(const Figure& figure, double most) {
        const int height = static_cast<int>(result_.contestants.size()) * bar_height;
        const int middle = y_ + height / 2 + 4;
        text({margin, middle}, "plain", figure.label);
        for (std::size_t i = 0; i < result_.contestants.size(); ++i) {
            const auto* const samples = samples_of(result_.contestants[i], figure.id);
            if (samples == nullptr) continue;
            const double value = median(*samples);
            const int length =
                std::max(1, static_cast<int>(value / most * (bars_right - bars_left)));
            const int top = y_ + static_cast<int>(i) * bar_height;
            bar({bars_left, top}, length, i);
            text({bars_left + length + value_gap, top + bar_height - 3}, "value",
                 print_number(value));
        }
        draw_ratio(figure, middle);
        y_ += height + row_gap;
    }
    void draw_ratio(const Figure& figure, int y) {
        if (result_.contestants.size() < 2) return;
        const auto* const own = samples_of(result_.contestants[0], figure.id);
        const auto* const theirs = samples_of(result_.contestants[1], figure.id);
        if (own != nullptr && theirs != nullptr)
            text({width - margin, y}, "right", print_number(ratio(*own, *theirs)));
    }
    [[nodiscard]] double largest(const Section& section) const {
        double most = 1e-9;
        for (const Contestant& each : result_.contestants)
            for (const Figure& figure : figures())
                if (const auto* const samples = samples_of(each, figure.id);
                    figure.section == &section && samples != nullptr)
                    most = std::max(most, median(*samples));
        return most;
    }

    const BenchResult& result_;
    std::string body_;
    int y_ = 0;
};

}  // namespace

std::string print_svg(const BenchResult& result) {
    return Picture(result).draw();
}

}  // namespace wgns::bench
