// A UAPI client's text as a reader gets it: in pieces.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "control/uapi.h"

namespace wgns {

// What comes of pieces of that many bytes, and then the end.
inline std::vector<UapiRequest> read_all(std::string_view text,
                                         std::size_t piece_bytes = SIZE_MAX) {
    UapiReader reader;
    std::vector<UapiRequest> requests;
    while (!text.empty()) {
        std::string_view piece = text.substr(0, piece_bytes);
        text.remove_prefix(piece.size());
        while (auto request = reader.next(piece))
            requests.push_back(std::move(*request));
        WG_ASSERT(piece.empty());
    }
    if (auto request = reader.finish()) requests.push_back(std::move(*request));
    return requests;
}

}  // namespace wgns
