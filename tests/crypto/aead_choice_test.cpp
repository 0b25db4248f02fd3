#include "crypto/aead_choice.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

TEST(AeadChoice, KindsAreSpelledAsStatusNamesBackends) {
    EXPECT_EQ(parse_aead_kind("auto"), AeadKind::automatic);
    EXPECT_EQ(parse_aead_kind("wide"), AeadKind::wide);
    EXPECT_EQ(parse_aead_kind("ipsecmb"), AeadKind::ipsecmb);
    EXPECT_EQ(parse_aead_kind("sodium"), AeadKind::sodium);
    EXPECT_EQ(parse_aead_kind("openssl"), std::nullopt);
}

TEST(AeadChoice, SodiumIsAlwaysThere) {
    const auto choice = make_aead(AeadKind::sodium);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->aead->name(), "sodium");
    EXPECT_EQ(choice->reason, "");
}

TEST(AeadChoice, AutomaticSaysWhyItIsNotTheFastOne) {
    const auto choice = make_aead(AeadKind::automatic);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->aead->name() == "wide", choice->reason.empty());
}

TEST(AeadChoice, WhatIsAskedForByNameIsGivenOrRefused) {
    for (const char* const name : {"wide", "ipsecmb"}) {
        const auto choice = make_aead(*parse_aead_kind(name));
        if (choice)
            EXPECT_EQ(choice->aead->name(), name);
        else
            EXPECT_NE(choice.error().hint.find("sodium"), std::string::npos);
    }
}

}  // namespace
}  // namespace wgns
