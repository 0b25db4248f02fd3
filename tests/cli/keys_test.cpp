#include "cli/keys.h"

#include <gtest/gtest.h>

#include <sstream>

namespace wgns {
namespace {

// RFC 7748, section 6.1: Alice's keys.
constexpr const char* alice_private = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
constexpr const char* alice_public = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n";

std::optional<std::string> public_of(const std::string& input) {
    std::istringstream stream(input);
    return public_key_line(stream);
}

TEST(Keys, PublicKeyIsTheOneOfRfc7748) {
    const std::string key = alice_private;
    for (const std::string& input : {key, key + "\n", key + " \n\n"})
        EXPECT_EQ(public_of(input), alice_public);
}

TEST(Keys, WrongKeysAreRefused) {
    const std::string key = alice_private;
    const std::string inputs[] = {
        /* 0 */ "",
        /* 1 */ key.substr(1),
        /* 2 */ key.substr(0, 43),
        /* 3 */ key + "x",
        /* 4 */ "*" + key.substr(1),
        /* 5 */ "\n" + key,
    };
    for (std::size_t i = 0; i < std::size(inputs); ++i)
        EXPECT_FALSE(public_of(inputs[i])) << i;
}

TEST(Keys, NewOnesDifferAndAreKeys) {
    const std::string first = new_private_key_line();
    EXPECT_NE(first, new_private_key_line());
    EXPECT_TRUE(public_of(first));
    EXPECT_NE(new_preshared_key_line(), new_preshared_key_line());
    EXPECT_EQ(new_preshared_key_line().size(), 45U);
}

}  // namespace
}  // namespace wgns
