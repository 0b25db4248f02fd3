#include "control/finding.h"

#include <fmt/format.h>

#include <algorithm>

namespace wgns {

namespace {

constexpr int judgement_width = 9;
constexpr int name_width = 18;

std::string harmless(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    return text;
}

}  // namespace

const char* name_of(Judgement judgement) noexcept {
    switch (judgement) {
        case Judgement::ok:
            return "ok";
        case Judgement::limited:
            return "limited";
        case Judgement::missing:
            return "missing";
        case Judgement::failed:
            return "failed";
        case Judgement::unknown:
            return "unknown";
    }
    return "";
}

nlohmann::json json_of(const std::vector<Finding>& findings) {
    nlohmann::json all = nlohmann::json::array();
    for (const Finding& each : findings)
        all.push_back({{"name", each.name},
                       {"verdict", name_of(each.judgement)},
                       {"found", each.found},
                       {"consequence", each.consequence},
                       {"cure", each.cure},
                       {"needed", each.is_needed}});
    return all;
}

std::string print(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& each : findings) {
        text += fmt::format("{:<{}}{:<{}}{}\n", name_of(each.judgement), judgement_width, each.name,
                            name_width, harmless(each.found));
        std::string more = each.consequence;
        if (!each.cure.empty()) more += (more.empty() ? "" : "; ") + each.cure;
        if (!more.empty())
            text += fmt::format("{:<{}}-> {}\n", "", judgement_width + name_width, harmless(more));
    }
    return text;
}

bool all_hold(const std::vector<Finding>& findings) noexcept {
    return std::all_of(findings.begin(), findings.end(),
                       [](const Finding& each) { return each.judgement == Judgement::ok; });
}

bool lacks_needed(const std::vector<Finding>& findings) noexcept {
    return std::any_of(findings.begin(), findings.end(), [](const Finding& each) {
        return each.is_needed && each.judgement == Judgement::missing;
    });
}

}  // namespace wgns
