#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace wgns {

std::string describe(const Error& error) {
    std::string text = error.operation;
    if (!error.subject.empty()) text += (text.empty() ? "" : " ") + error.subject;
    if (error.code != 0) {
        char reason[128];
        text += ": ";
        text += ::strerror_r(error.code, reason, sizeof reason);
    }
    if (!error.hint.empty()) text += "; " + error.hint;
    return text;
}

Result<int> check(int result, const char* operation, std::string subject) {
    if (result == -1) return Error{errno, operation, std::move(subject), {}};
    return result;
}

}  // namespace wgns
