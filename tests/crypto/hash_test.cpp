#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/crypto/vectors.h"

// Values without a source beside them were computed by Python's hashlib and hmac.
namespace wgns {
namespace {

// Bytes 0, 1, 2 …, which stand for keys and messages alike.
const std::vector<std::uint8_t> numbers = counting(200);

Bytes first(std::size_t size) {
    return Bytes(numbers).first(size);
}

TEST(Blake2s, MatchesRfc7693) {
    // RFC 7693, appendix B.
    EXPECT_EQ(to_hex(blake2s({bytes_of("abc")})),
              "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

TEST(Blake2s, HashesNothing) {
    const char* const expected = "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9";
    EXPECT_EQ(to_hex(blake2s({})), expected);
    EXPECT_EQ(to_hex(blake2s({Bytes()})), expected);
    EXPECT_EQ(to_hex(blake2s({first(0), Bytes(), first(0)})), expected);
}

TEST(Blake2s, DoesNotSeeWhereThePartsEnd) {
    const char* const expected = "81dcc3a505eace3f879d8f702776770f9df50e521d1428a85daf04f9ad2150e0";
    const Bytes whole = first(100);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut)
        EXPECT_EQ(to_hex(blake2s({whole.first(cut), Bytes(), whole.subspan(cut)})), expected);
}

TEST(Blake2s, Keyed) {
    struct Case {
        std::size_t key_size;
        const char* hash;
        const char* mac;
    };
    const Case cases[] = {
        /* 1 */ {1, "c562710f6cca5e919a857b3d76941df3d75e46392fa124fd062d12032b9c870f",
                 "dfa8075fcbac70143eeb7c6d02ee610a"},
        /* 2 */
        {16, "23f6c104967143ff2fe862cdb21c24d3aab0eec7f420ab12915f3eb1c8ff3f8f",
         "56301549e674c3b72a0e1dafb7a2c620"},
        /* 3 */
        {32, "c376617014d20158bced3d3ba552b6eccf84e62aa3eb650e90029c84d13eea69",
         "0b67d33f8b859c3157fbabd9e6e47ed0"},
    };
    int number = 0;
    for (const Case& c : cases) {
        SCOPED_TRACE(++number);
        const Bytes key = first(c.key_size);
        const Bytes whole = first(100);
        EXPECT_EQ(to_hex(blake2s_keyed(key, {whole})), c.hash);
        EXPECT_EQ(to_hex(blake2s_keyed(key, {whole.first(64), whole.subspan(64)})), c.hash);
        EXPECT_EQ(to_hex(blake2s_mac(key, {whole})), c.mac);
        EXPECT_EQ(to_hex(blake2s_mac(key, {whole.first(1), whole.subspan(1)})), c.mac);
    }
}

TEST(Blake2sDeathTest, RefusesKeysItCannotTake) {
    EXPECT_DEATH((void)blake2s_keyed({}, {}), "bug");
    EXPECT_DEATH((void)blake2s_mac(first(33), {}), "bug");
}

TEST(Hmac, TakesKeysOfEverySize) {
    struct Case {
        std::size_t key_size;
        const char* expected;
    };
    const Case cases[] = {
        /* 1 */ {0, "1abca9f6d22739229704a9d23be3855021d435ab7844581573e6f10f388afc43"},
        /* 2 */ {32, "a81c95080ba2a7c4ed1b7b4c21dec2c4fd6dc9f03ff37b6d65289dc95a7d1ef1"},
        /* 3 */ {64, "647576eb06d7546ce6db9b3c0c1509a64cc7fae9cb732ee3845e7b486ad26edc"},
        /* 4 */ {65, "4d894a9b0c1b7a406335539f60699f246e0a65bf63a2b24b18393b71e4adce5e"},
        /* 5 */ {200, "8c4601d7bf7bab245e212d3dc0c65bd1036bebbf30689a3d08ce88db58e982d0"},
    };
    int number = 0;
    for (const Case& c : cases) {
        SCOPED_TRACE(++number);
        const Bytes whole = first(100);
        EXPECT_EQ(to_hex(hmac_blake2s(first(c.key_size), {whole})), c.expected);
        EXPECT_EQ(to_hex(hmac_blake2s(first(c.key_size), {whole.first(7), whole.subspan(7)})),
                  c.expected);
    }
}

struct HkdfCase {
    std::vector<std::uint8_t> input;
    std::array<const char*, 3> outputs;
};
const HkdfCase hkdf_cases[] = {
    /* 1 */ {{},
             {"7a38c34bf2b8738d7374ca77c44ecb309a11d2b2528304fa86052c365e722624",
              "1a17621f346abdc520746a9fb64d8eb03231d674fc15687537b0780fd9c060fd",
              "4eaf02809ac4b930ef63479de62275f1c55656e61f78a3cc653c18a2223d6c5f"}},
    /* 2 */
    {counting(32, 32),
     {"6a96444e20e8d4c1cee974416acae1c10b3c92886010e54ed94dafb2c3b80ea0",
      "57af120b0de7acbe7907ec149c5ae870a2dbb74232b65777ba4123f1f7f888f5",
      "0926c7caabb6e8d73beda759e6f4f0d324ce5b5000bcf8cd784b26db3049faa9"}},
};

TEST(Hkdf, FillsOneToThreeOutputs) {
    int number = 0;
    for (const HkdfCase& c : hkdf_cases) {
        SCOPED_TRACE(++number);
        const auto chaining_key = first(32).first<32>();
        Hash one, two, three;
        hkdf(chaining_key, c.input, {one});
        EXPECT_EQ(to_hex(one), c.outputs[0]);
        hkdf(chaining_key, c.input, {two, one});
        EXPECT_EQ(to_hex(two), c.outputs[0]);
        EXPECT_EQ(to_hex(one), c.outputs[1]);
        hkdf(chaining_key, c.input, {one, two, three});
        EXPECT_EQ(to_hex(one), c.outputs[0]);
        EXPECT_EQ(to_hex(two), c.outputs[1]);
        EXPECT_EQ(to_hex(three), c.outputs[2]);
    }
}

TEST(Hkdf, MayWriteOverItsChainingKey) {
    int number = 0;
    for (const HkdfCase& c : hkdf_cases) {
        SCOPED_TRACE(++number);
        Hash chaining_key = array_from_hex<32>(to_hex(first(32)));
        Hash two, three;
        hkdf(chaining_key, c.input, {chaining_key, two, three});
        EXPECT_EQ(to_hex(chaining_key), c.outputs[0]);
        EXPECT_EQ(to_hex(two), c.outputs[1]);
        EXPECT_EQ(to_hex(three), c.outputs[2]);
    }
}

TEST(HkdfDeathTest, RefusesNoOutputsAndFour) {
    Hash out;
    const auto chaining_key = first(32).first<32>();
    EXPECT_DEATH(hkdf(chaining_key, {}, {}), "bug");
    EXPECT_DEATH(hkdf(chaining_key, {}, {out, out, out, out}), "bug");
}

class Blake2sKat : public VectorFile {
protected:
    Blake2sKat() : VectorFile("blake2s-kat.txt") {}
};

TEST_F(Blake2sKat, AllMatch) {
    std::istringstream lines(text());
    std::vector<std::uint8_t> input, key;
    std::size_t cases = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string::npos) continue;
        const std::string value = line.substr(tab + 1, line.find_last_not_of(" \r") - tab);
        if (line.starts_with("in:")) input = from_hex(value);
        if (line.starts_with("key:")) key = from_hex(value);
        if (!line.starts_with("hash:")) continue;
        SCOPED_TRACE(++cases);
        EXPECT_EQ(to_hex(blake2s_keyed(key, {input})), value);
    }
    EXPECT_EQ(cases, 256u);
}

}  // namespace
}  // namespace wgns
