#include "control/neighbours.h"

#include <algorithm>

namespace wgns {

namespace {

std::vector<StateDir> neighbours_of(const StateDir& state) {
    std::vector<StateDir> all;
    for (std::string& name : StateDir::list(state.root()))
        if (name != state.name()) all.emplace_back(std::move(name), state.root());
    return all;
}

std::vector<Made> journal_of(const StateDir& state) {
    auto made = read_journal(state.journal().string());
    return made ? *std::move(made) : std::vector<Made>{};
}

std::vector<ExpectedNetwork> expected_by_neighbours(const StateDir& state) {
    std::vector<ExpectedNetwork> all;
    for (const StateDir& each : neighbours_of(state)) {
        const auto text = each.read(StateDir::expected);
        if (auto expected = text ? parse_expected_network(*text) : std::nullopt)
            all.push_back(*std::move(expected));
    }
    return all;
}

}  // namespace

std::vector<Made> made_by_neighbours(const StateDir& state) {
    std::vector<Made> all;
    for (const StateDir& each : neighbours_of(state))
        for (Made& made : journal_of(each))
            all.push_back(std::move(made));
    return all;
}

std::vector<Made> made_with_namespace(const StateDir& state, const MadeNamespace& shared) {
    std::vector<Made> all;
    for (const StateDir& each : neighbours_of(state)) {
        const std::vector<Made> made = journal_of(each);
        const bool has_it = std::find(made.begin(), made.end(), Made(shared)) != made.end();
        if (has_it) all.insert(all.end(), made.begin(), made.end());
    }
    return all;
}

std::vector<std::string> neighbours_interfaces(const StateDir& state,
                                               const std::string& namespace_name) {
    std::vector<std::string> names;
    for (const ExpectedNetwork& each : expected_by_neighbours(state))
        if (each.namespace_name == namespace_name) names.push_back(each.interface);
    return names;
}

std::optional<ExpectedNetwork> owner_of_namespace(const StateDir& state,
                                                  const ExpectedNetwork& joined) {
    for (const ExpectedNetwork& each : expected_by_neighbours(state))
        if (each.namespace_name == joined.namespace_name && each.owns_namespace) return each;
    return std::nullopt;
}

}  // namespace wgns
