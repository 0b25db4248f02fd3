// Where a question to a name server leaves a network namespace: it is asked, and every link is
// watched for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace wgns {

struct QuestionPath {
    std::vector<std::uint32_t> links;  // indexes of those that it left by, each once
    bool is_answered = false;          // by anybody, with whatever
};

// Asks `server` for the name servers of the root, by UDP, in the calling thread's namespace, and
// waits at most that long. An error: it could not even be sent, or watched. Needs CAP_NET_RAW.
[[nodiscard]] Result<QuestionPath> trace_question(const IpAddress& server,
                                                  std::chrono::milliseconds patience);

// RFC 1035, section 4.1: one question, and an identifier that tells it apart.
[[nodiscard]] std::string root_question(std::uint16_t identifier);

}  // namespace wgns
