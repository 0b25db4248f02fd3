#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "crypto/aead_choice.h"
#include "crypto/aead_sodium.h"
#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

using Buffer = std::vector<std::uint8_t>;

AeadKey aead_key(std::string_view hex) {
    return AeadKey(array_from_hex<32>(hex));
}

// RFC 8439, appendix A.5. Its nonce begins with four zero bytes, as ours do.
const char* const a5_key = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
const std::uint64_t a5_counter = 0x0807060504030201;
const char* const a5_additional = "f33388860000000000004e91";
const char* const a5_plaintext_start = "Internet-Drafts are draft documents valid for a maximum";
const char* const a5_sealed =
    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
    "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
    "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
    "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
    "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
    "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
    "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
    "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
    "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38";

TEST(AeadSingle, MatchesRfc8439AppendixA5) {
    const Buffer sealed = from_hex(a5_sealed);
    Buffer plaintext(sealed.size() - aead_tag_size);
    const Buffer additional = from_hex(a5_additional);
    ASSERT_TRUE(aead_open(aead_key(a5_key), a5_counter, additional, sealed, plaintext));
    EXPECT_EQ(plaintext.size(), 265u);
    EXPECT_TRUE(std::string(plaintext.begin(), plaintext.end()).starts_with(a5_plaintext_start));
    Buffer again(sealed.size());
    aead_seal(aead_key(a5_key), a5_counter, additional, plaintext, again);
    EXPECT_EQ(to_hex(again), a5_sealed);
}

TEST(AeadSingle, MatchesRfc8439Section282) {
    const AeadKey key(std::span<const std::uint8_t, 32>(counting(32, 0x80)));
    const auto nonce = array_from_hex<12>("070000004041424344454647");
    const Bytes plaintext = bytes_of(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        "future, sunscreen would be it.");
    const std::string expected =
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691";
    Buffer sealed(plaintext.size() + aead_tag_size);
    sodium_seal(key, nonce, from_hex("50515253c0c1c2c3c4c5c6c7"), plaintext, sealed);
    EXPECT_EQ(to_hex(sealed), expected);
}

TEST(AeadSingle, RefusesEveryFlippedBit) {
    const AeadKey key = aead_key(a5_key);
    const Buffer plaintext = counting(5);
    const Buffer additional = counting(3);
    Buffer sealed(plaintext.size() + aead_tag_size);
    aead_seal(key, 7, additional, plaintext, sealed);
    Buffer opened(plaintext.size());
    ASSERT_TRUE(aead_open(key, 7, additional, sealed, opened));
    EXPECT_EQ(opened, plaintext);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        Buffer changed = sealed;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        EXPECT_FALSE(aead_open(key, 7, additional, changed, opened)) << bit;
    }
    EXPECT_FALSE(aead_open(key, 8, additional, sealed, opened));
    EXPECT_FALSE(aead_open(key, 7, counting(4), sealed, opened));
    EXPECT_FALSE(aead_open(AeadKey(), 7, additional, sealed, opened));
}

TEST(AeadSingle, TakesEmptyTexts) {
    const AeadKey key = aead_key(a5_key);
    Buffer sealed(aead_tag_size);
    aead_seal(key, 0, {}, {}, sealed);
    EXPECT_TRUE(aead_open(key, 0, {}, sealed, {}));
    sealed[0] ^= 1;
    EXPECT_FALSE(aead_open(key, 0, {}, sealed, {}));
}

TEST(AeadSingleDeathTest, RefusesWrongSizes) {
    const AeadKey key;
    Buffer small(aead_tag_size - 1);
    const std::array<std::uint8_t, 24> nonce{};
    EXPECT_DEATH(aead_seal(key, 0, {}, {}, small), "bug");
    EXPECT_DEATH((void)aead_open(key, 0, {}, small, {}), "bug");
    EXPECT_DEATH(xaead_seal(key, nonce, {}, {}, small), "bug");
    EXPECT_DEATH((void)xaead_open(key, nonce, {}, small, {}), "bug");
}

// One datagram of a batch: where its text lies, sealed and open, and what is expected of it.
struct Datagram {
    Buffer plaintext;
    Buffer expected;  // sealed, by the single-message function
    Buffer input;
    Buffer output;  // empty: in place
};

// A batch over two keys, counters at both ends of their range, texts from 0 bytes on.
class Batch {
public:
    Batch(std::size_t size, bool in_place) : datagrams_(size), in_place_(in_place) {
        for (std::size_t i = 0; i < size; ++i) {
            Datagram& d = datagrams_[i];
            d.plaintext = counting(i * 23 % 1500, static_cast<std::uint8_t>(i));
            d.expected.resize(d.plaintext.size() + aead_tag_size);
            aead_seal(key(i), counter(i), {}, d.plaintext, d.expected);
        }
    }

    std::vector<AeadJob> jobs_to_seal() {
        for (Datagram& d : datagrams_) {
            d.input = d.plaintext;
            d.input.resize(d.expected.size());
        }
        return jobs();
    }
    std::vector<AeadJob> jobs_to_open() {
        for (Datagram& d : datagrams_)
            d.input = d.expected;
        return jobs();
    }

    [[nodiscard]] Datagram& operator[](std::size_t i) { return datagrams_[i]; }
    [[nodiscard]] Bytes result(std::size_t i) const {
        const Datagram& d = datagrams_[i];
        return in_place_ ? d.input : d.output;
    }
    [[nodiscard]] bool opened(std::size_t i) const {
        const Buffer& plaintext = datagrams_[i].plaintext;
        return std::equal(plaintext.begin(), plaintext.end(), result(i).begin());
    }
    [[nodiscard]] const AeadKey& key(std::size_t i) const { return i % 5 == 4 ? other_ : main_; }
    [[nodiscard]] static std::uint64_t counter(std::size_t i) {
        return i % 2 == 0 ? i : ~std::uint64_t{i};
    }

private:
    std::vector<AeadJob> jobs() {
        std::vector<AeadJob> jobs(datagrams_.size());
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            Datagram& d = datagrams_[i];
            if (!in_place_) d.output.assign(d.expected.size(), 0xaa);
            jobs[i].key = &key(i);
            jobs[i].counter = counter(i);
            jobs[i].input = d.input.data();
            jobs[i].output = in_place_ ? d.input.data() : d.output.data();
            jobs[i].text_size = static_cast<std::uint32_t>(d.plaintext.size());
        }
        return jobs;
    }

    AeadKey main_ = aead_key(a5_key);
    AeadKey other_ = aead_key(std::string(64, '7'));
    std::vector<Datagram> datagrams_;
    bool in_place_;
};

struct BatchCase {
    AeadKind kind;
    std::size_t size;
    bool in_place;
};

// A machine that cannot use a backend gives its place to libsodium.
std::unique_ptr<Aead> backend(AeadKind kind) {
    auto choice = make_aead(kind);
    return choice ? std::move(choice->aead) : make_aead_sodium();
}

class AeadBatch : public ::testing::TestWithParam<BatchCase> {
protected:
    std::unique_ptr<Aead> aead_ = backend(GetParam().kind);
    Batch batch_{GetParam().size, GetParam().in_place};
};

TEST_P(AeadBatch, SealsAsTheSingleFunctionDoes) {
    std::vector<AeadJob> jobs = batch_.jobs_to_seal();
    aead_->seal(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i)
        EXPECT_EQ(to_hex(batch_.result(i)), to_hex(batch_[i].expected)) << i;
}

TEST_P(AeadBatch, OpensWhatWasSealed) {
    std::vector<AeadJob> jobs = batch_.jobs_to_open();
    aead_->open(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        EXPECT_TRUE(jobs[i].authentic) << i;
        EXPECT_TRUE(batch_.opened(i)) << i;
        if (GetParam().in_place) continue;
        EXPECT_EQ(batch_.result(i).last<1>()[0], 0xaa) << "written behind the text of " << i;
    }
}

TEST_P(AeadBatch, RefusesTheTamperedJobAlone) {
    for (std::size_t bad = 0; bad < GetParam().size; ++bad) {
        std::vector<AeadJob> jobs = batch_.jobs_to_open();
        for (AeadJob& job : jobs)
            job.authentic = true;
        Buffer& sealed = batch_[bad].input;
        sealed[bad % sealed.size()] ^= 0x10;
        aead_->open(jobs);
        for (std::size_t i = 0; i < jobs.size(); ++i)
            EXPECT_EQ(jobs[i].authentic && batch_.opened(i), i != bad) << i << " of " << bad;
        EXPECT_FALSE(jobs[bad].authentic) << bad;
    }
}

TEST_P(AeadBatch, RefusesAnotherKeyAndAnotherCounter) {
    std::vector<AeadJob> jobs = batch_.jobs_to_open();
    const AeadKey wrong;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (i % 3 == 0) jobs[i].key = &wrong;
        if (i % 3 == 1) ++jobs[i].counter;
    }
    aead_->open(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i)
        EXPECT_EQ(jobs[i].authentic, i % 3 == 2) << i;
}

std::vector<BatchCase> batch_cases() {
    std::vector<BatchCase> cases;
    for (const AeadKind kind : {AeadKind::sodium, AeadKind::ipsecmb, AeadKind::wide})
        for (const std::size_t size : {0u, 1u, 7u, 64u, 300u})
            for (const bool in_place : {false, true})
                cases.push_back({kind, size, in_place});
    return cases;
}

std::string name_of(const BatchCase& one) {
    constexpr const char* names[] = {"Auto", "Wide", "Ipsecmb", "Sodium"};
    return names[static_cast<std::size_t>(one.kind)] +
           std::string(one.in_place ? "InPlace" : "OutOfPlace") + std::to_string(one.size);
}

INSTANTIATE_TEST_SUITE_P(Backends, AeadBatch, ::testing::ValuesIn(batch_cases()),
                         [](const auto& param_info) { return name_of(param_info.param); });

TEST(AeadSodium, HasAName) {
    EXPECT_EQ(make_aead_sodium()->name(), "sodium");
}

TEST(AeadSodiumDeathTest, RefusesAJobWithoutKey) {
    const std::unique_ptr<Aead> aead = make_aead_sodium();
    std::array<std::uint8_t, aead_tag_size> room{};
    AeadJob job;
    job.input = room.data();
    job.output = room.data();
    EXPECT_DEATH(aead->seal({&job, 1}), "bug");
    EXPECT_DEATH(aead->open({&job, 1}), "bug");
}

// A case of Wycheproof's AEAD files.
struct AeadVector {
    explicit AeadVector(const nlohmann::json& test)
        : id("tcId " + test.at("tcId").dump()),
          key(array_from_hex<32>(test.at("key").get<std::string>())),
          nonce(from_hex(test.at("iv").get<std::string>())),
          additional(from_hex(test.at("aad").get<std::string>())),
          plaintext(from_hex(test.at("msg").get<std::string>())),
          sealed(from_hex(test.at("ct").get<std::string>() + test.at("tag").get<std::string>())),
          is_valid(test.at("result") == "valid") {}

    std::string id;
    AeadKey key;
    Buffer nonce;
    Buffer additional;
    Buffer plaintext;
    Buffer sealed;
    bool is_valid;
};

std::vector<AeadVector> read_aead_vectors(const std::string& text) {
    const auto file = nlohmann::json::parse(text);
    std::vector<AeadVector> vectors;
    for (const auto& group : file.at("testGroups"))
        for (const auto& test : group.at("tests"))
            vectors.emplace_back(test);
    EXPECT_EQ(vectors.size(), file.at("numberOfTests").get<std::size_t>());
    return vectors;
}

// `seal` and `open` take additional data, input and output.
void check_vector(const AeadVector& v, const auto& seal, const auto& open) {
    Buffer opened(v.plaintext.size());
    EXPECT_EQ(open(v.additional, v.sealed, opened), v.is_valid);
    if (!v.is_valid) return;
    EXPECT_EQ(opened, v.plaintext);
    Buffer sealed(v.sealed.size());
    seal(v.additional, v.plaintext, sealed);
    EXPECT_EQ(to_hex(sealed), to_hex(v.sealed));
}

void check_with_counter(const AeadVector& v) {
    const auto counter = load_le<std::uint64_t>(Bytes(v.nonce).subspan(4));
    check_vector(
        v,
        [&](Bytes additional, Bytes in, MutableBytes out) {
            aead_seal(v.key, counter, additional, in, out);
        },
        [&](Bytes additional, Bytes in, MutableBytes out) {
            return aead_open(v.key, counter, additional, in, out);
        });
}

void check_with_nonce(const AeadVector& v) {
    const auto nonce = array_from_hex<12>(to_hex(v.nonce));
    check_vector(
        v,
        [&](Bytes additional, Bytes in, MutableBytes out) {
            sodium_seal(v.key, nonce, additional, in, out);
        },
        [&](Bytes additional, Bytes in, MutableBytes out) {
            return sodium_open(v.key, nonce, additional, in, out);
        });
}

void check_with_long_nonce(const AeadVector& v) {
    const auto nonce = array_from_hex<24>(to_hex(v.nonce));
    check_vector(
        v,
        [&](Bytes additional, Bytes in, MutableBytes out) {
            xaead_seal(v.key, nonce, additional, in, out);
        },
        [&](Bytes additional, Bytes in, MutableBytes out) {
            return xaead_open(v.key, nonce, additional, in, out);
        });
}

class WycheproofAead : public VectorFile {
protected:
    WycheproofAead() : VectorFile("wycheproof_chacha20_poly1305_test.json") {}
};

TEST_F(WycheproofAead, AllCases) {
    for (const AeadVector& v : read_aead_vectors(text())) {
        SCOPED_TRACE(v.id);
        // A nonce of another size cannot be handed over at all.
        if (v.nonce.size() != 12) {
            EXPECT_FALSE(v.is_valid);
            continue;
        }
        check_with_nonce(v);
        if (load_le<std::uint32_t>(v.nonce) == 0) check_with_counter(v);
    }
}

class WycheproofXaead : public VectorFile {
protected:
    WycheproofXaead() : VectorFile("wycheproof_xchacha20_poly1305_test.json") {}
};

TEST_F(WycheproofXaead, AllCases) {
    for (const AeadVector& v : read_aead_vectors(text())) {
        SCOPED_TRACE(v.id);
        if (v.nonce.size() != 24) {
            EXPECT_FALSE(v.is_valid);
            continue;
        }
        check_with_long_nonce(v);
    }
}

}  // namespace
}  // namespace wgns
