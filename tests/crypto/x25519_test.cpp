#include "crypto/x25519.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

using namespace std::string_literals;

PrivateKey private_key(std::string_view hex) {
    return PrivateKey(array_from_hex<32>(hex));
}
PublicKey public_key(std::string_view hex) {
    return {array_from_hex<32>(hex)};
}
// The shared secret in hexadecimal, or "refused".
std::string product(std::string_view own, std::string_view theirs) {
    const auto shared = x25519(private_key(own), public_key(theirs));
    return shared ? to_hex(shared->bytes()) : "refused";
}

TEST(X25519, MatchesRfc7748Section52) {
    /* 1 */
    EXPECT_EQ(product("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
              "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    /* 2 */
    EXPECT_EQ(product("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
              "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST(X25519, MatchesRfc7748After1000Iterations) {
    std::string k = "0900000000000000000000000000000000000000000000000000000000000000";
    std::string u = k;
    for (int i = 0; i < 1000; ++i) {
        u = std::exchange(k, product(k, u));
        if (i == 0) {
            EXPECT_EQ(k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
        }
    }
    EXPECT_EQ(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST(X25519, MatchesRfc7748Section61) {
    const char* const alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    const char* const bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    const std::string alice_public = to_hex(public_key_of(private_key(alice)).bytes);
    const std::string bob_public = to_hex(public_key_of(private_key(bob)).bytes);
    EXPECT_EQ(alice_public, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    EXPECT_EQ(bob_public, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const char* const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    EXPECT_EQ(product(alice, bob_public), shared);
    EXPECT_EQ(product(bob, alice_public), shared);
}

TEST(X25519, RefusesPointsOfLowOrder) {
    const std::string own(64, '1');
    /* 1 */ EXPECT_EQ(product(own, std::string(64, '0')), "refused");
    /* 2 */ EXPECT_EQ(product(own, "01" + std::string(62, '0')), "refused");
    /* 3: p, which is 0 */
    EXPECT_EQ(product(own, "ed" + std::string(60, 'f') + "7f"), "refused");
}

TEST(GenerateKey, ClampsPrivateKeysAlone) {
    class OnesEntropy final : public Entropy {
    public:
        void fill(MutableBytes bytes) noexcept override {
            std::fill(bytes.begin(), bytes.end(), std::uint8_t{0xff});
        }
    };
    OnesEntropy entropy;
    EXPECT_EQ(to_hex(generate_private_key(entropy).bytes()), "f8" + std::string(60, 'f') + "7f");
    EXPECT_EQ(to_hex(generate_preshared_key(entropy).bytes()), std::string(64, 'f'));
}

TEST(GenerateKey, SetsTheHighestBitOfAPrivateKey) {
    class ZeroEntropy final : public Entropy {
    public:
        void fill(MutableBytes bytes) noexcept override { wipe(bytes); }
    };
    ZeroEntropy entropy;
    EXPECT_EQ(to_hex(generate_private_key(entropy).bytes()), std::string(62, '0') + "40");
}

const std::string base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::string with(std::string text, std::size_t at, std::string_view replacement) {
    return text.replace(at, replacement.size(), replacement);
}

TEST(KeyText, WritesBothForms) {
    const std::array<std::uint8_t, 32> key = array_from_hex<32>(hex);
    EXPECT_EQ(key_to_base64(key), base64);
    EXPECT_EQ(key_to_hex(key), hex);
    std::array<std::uint8_t, 32> ones;
    ones.fill(0xff);
    EXPECT_EQ(key_to_base64(ones), std::string(42, '/') + "8=");
    EXPECT_EQ(key_to_hex(ones), std::string(64, 'f'));
}

TEST(KeyText, ReadsBothForms) {
    std::array<std::uint8_t, 32> key{};
    EXPECT_TRUE(parse_key(base64, key));
    EXPECT_EQ(to_hex(key), hex);
    EXPECT_TRUE(parse_key(std::string(42, '/') + "8=", key));
    EXPECT_EQ(to_hex(key), std::string(64, 'f'));
    EXPECT_TRUE(parse_hex_key(hex, key));
    EXPECT_EQ(to_hex(key), hex);
    EXPECT_TRUE(parse_hex_key(std::string(32, 'f') + std::string(32, 'F'), key));
    EXPECT_EQ(to_hex(key), std::string(64, 'f'));
}

TEST(KeyText, RefusesOtherBase64) {
    const std::string cases[] = {
        /* 1 */ "",
        /* 2 */ base64.substr(0, 43),
        /* 3 */ base64.substr(1),
        /* 4 */ base64 + "=",
        /* 5 */ base64 + "\n",
        /* 6 */ " " + base64.substr(1),
        /* 7 */ with(base64, 43, "A"),
        /* 8 */ with(base64, 42, "=="),
        /* 9 */ with(base64, 42, "9"),  // the two bits behind the key are not zero
        /* 10 */ with(base64, 42, "+"),
        /* 11 */ with(base64, 5, "!"),
        /* 12 */ with(base64, 5, "-"),
        /* 13 */ with(base64, 5, "_"),
        /* 14 */ with(base64, 5, "="),
        /* 15 */ with(base64, 5, "\0"s),
        /* 16 */ with(base64, 5, "\n"),
        /* 17 */ with(base64, 5, "\xc3\xa9"),
        /* 18 */ with(base64, 5, "\xff"),
        /* 19 */ std::string(44, '='),
        /* 20 */ std::string(44, '\0'),
    };
    int number = 0;
    for (const std::string& text : cases) {
        SCOPED_TRACE(++number);
        std::array<std::uint8_t, 32> key{};
        EXPECT_FALSE(parse_key(text, key));
        EXPECT_EQ(to_hex(key), std::string(64, '0'));
    }
}

TEST(KeyText, ReadsNoByteThatIsNoDigit) {
    const std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned byte = 0; byte < 256; ++byte) {
        const std::string digit(1, static_cast<char>(byte));
        std::array<std::uint8_t, 32> key{};
        EXPECT_EQ(parse_key(with(base64, 20, digit), key), digits.find(digit) != digits.npos)
            << byte;
    }
}

TEST(KeyText, RefusesOtherHexadecimal) {
    const std::string cases[] = {
        /* 1 */ "",
        /* 2 */ hex.substr(1),
        /* 3 */ hex.substr(2),
        /* 4 */ hex + "0",
        /* 5 */ hex + "00",
        /* 6 */ hex + "\n",
        /* 7 */ "0x" + hex,
        /* 8 */ "0x" + hex.substr(2),
        /* 9 */ with(hex, 10, "g"),
        /* 10 */ with(hex, 10, ":"),
        /* 11 */ with(hex, 63, " "),
        /* 12 */ with(hex, 10, "\0"s),
        /* 13 */ with(hex, 10, "\xc3\xa9"),
        /* 14 */ with(hex, 63, "\xff"),
        /* 15 */ with(hex, 0, "-"),
        /* 16 */ base64 + std::string(20, '0'),
    };
    int number = 0;
    for (const std::string& text : cases) {
        SCOPED_TRACE(++number);
        std::array<std::uint8_t, 32> key{};
        EXPECT_FALSE(parse_hex_key(text, key));
        EXPECT_EQ(to_hex(key), std::string(64, '0'));
    }
}

class WycheproofX25519 : public VectorFile {
protected:
    WycheproofX25519() : VectorFile("wycheproof_x25519_test.json") {}
};

TEST_F(WycheproofX25519, AllCases) {
    const auto file = nlohmann::json::parse(text());
    std::size_t cases = 0;
    std::size_t refused = 0;
    for (const auto& group : file.at("testGroups")) {
        for (const auto& test : group.at("tests")) {
            SCOPED_TRACE("tcId " + test.at("tcId").dump());
            const auto expected = test.at("shared").get<std::string>();
            const bool is_zero = expected == std::string(64, '0');
            EXPECT_EQ(product(test.at("private").get<std::string>(),
                              test.at("public").get<std::string>()),
                      is_zero ? "refused" : expected);
            ++cases;
            refused += is_zero;
        }
    }
    EXPECT_EQ(cases, file.at("numberOfTests").get<std::size_t>());
    EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace wgns
