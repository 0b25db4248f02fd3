#include "cli/keys.h"

#include <array>
#include <string_view>

#include "crypto/random.h"
#include "crypto/x25519.h"

namespace wgns {

std::string new_private_key_line() {
    SystemEntropy entropy;
    return key_to_base64(generate_private_key(entropy).bytes()) + '\n';
}

std::string new_preshared_key_line() {
    SystemEntropy entropy;
    return key_to_base64(generate_preshared_key(entropy).bytes()) + '\n';
}

std::optional<std::string> public_key_line(std::istream& input) {
    constexpr std::size_t key_characters = 44;
    std::array<char, key_characters> text{};
    input.read(text.data(), text.size());
    PrivateKey key;
    const bool valid = input.gcount() == static_cast<std::streamsize>(text.size()) &&
                       parse_key({text.data(), text.size()}, key.mutable_bytes());
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    char rest = 0;
    if (!valid || input >> rest) return std::nullopt;
    return key_to_base64(public_key_of(key).bytes) + '\n';
}

}  // namespace wgns
