// What `nft list ruleset` says inside a namespace.
#pragma once

#include <gtest/gtest.h>
#include <nftables/libnftables.h>

#include <memory>
#include <string>

#include "netns/namespace.h"

namespace wgns {

inline std::string nft_listing(const Namespace& ns) {
    const auto listed = ns.run([] {
        const std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context(::nft_ctx_new(NFT_CTX_DEFAULT),
                                                                   ::nft_ctx_free);
        ::nft_ctx_buffer_output(context.get());
        EXPECT_EQ(::nft_run_cmd_from_buffer(context.get(), "list ruleset"), 0);
        return Result<std::string>(::nft_ctx_get_output_buffer(context.get()));
    });
    return listed ? *listed : describe(listed.error());
}

inline bool nft_has(const Namespace& ns, const std::string& text) {
    return nft_listing(ns).find(text) != std::string::npos;
}

}  // namespace wgns
