// Any bytes as counters that come in, near each other, far ahead, far behind and at the limits: a
// ReplayWindow says of each what a set of all that was accepted says.
#include "protocol/replay_window.h"

#include <set>

#include "base/assert.h"
#include "reader.h"

namespace {

using wgns::ReplayWindow;

class Model {
public:
    bool accept(std::uint64_t counter) {
        if (counter >= wgns::limits::reject_after_messages) return false;
        const std::uint64_t newest = accepted_.empty() ? 0 : *accepted_.rbegin();
        if (counter < newest && newest - counter > ReplayWindow::size) return false;
        return accepted_.insert(counter).second;
    }

private:
    std::set<std::uint64_t> accepted_;
};

// Where the next counter lies, from the one before.
std::uint64_t move(wgns::fuzz::Reader& reader, std::uint64_t from) {
    const std::uint8_t step = reader.byte();
    switch (step / 32) {
        case 0:
            return from + step;
        case 1:
            return from - step % 32;
        case 2:
            return from + reader.word();
        case 3:
            return from - reader.word();
        case 4:
            return from + ReplayWindow::size + step % 32 - 16;
        case 5:
            return from - ReplayWindow::size + step % 32 - 16;
        case 6:
            return wgns::limits::reject_after_messages + step % 32 - 16;
        default:
            return reader.number();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wgns::fuzz::Reader reader({data, size});
    ReplayWindow window;
    Model model;
    std::uint64_t counter = 0;
    while (!reader.done()) {
        counter = move(reader, counter);
        WG_ASSERT(window.accept(counter) == model.accept(counter));
    }
    return 0;
}
