// The keys of a configuration file: one row for each, with the parser of its value.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "control/config.h"

namespace wgns {

inline constexpr std::size_t interface_name_bytes_max = 15;  // IFNAMSIZ without its zero

enum class ConfigSection { interface, peer };

// "[Interface]", "[Peer]".
[[nodiscard]] std::string_view config_section_name(ConfigSection section) noexcept;

// What is wrong with a value. It never holds key material.
struct ConfigFlaw {
    std::string what;
    std::string hint;
};

struct ConfigKey {
    std::string_view name;
    ConfigSection section;
    bool is_list;  // may be empty and may come again; values add up
    // Writes the value into the configuration, a peer's into the last peer. `value` is trimmed, and
    // not empty unless is_list.
    std::optional<ConfigFlaw> (*parse)(Config& config, std::string_view value);
};

[[nodiscard]] std::span<const ConfigKey> config_keys() noexcept;

// Names compare without case.
[[nodiscard]] const ConfigKey* find_config_key(ConfigSection section,
                                               std::string_view name) noexcept;
// Why the section has no such key: a key of the other section or of AmneziaWG, or a slip of the
// pen, and then the nearest key. A name that is too long for one is not repeated: it may be a
// secret that has lost its key.
[[nodiscard]] ConfigFlaw unknown_config_key(ConfigSection section, std::string_view name);

}  // namespace wgns
