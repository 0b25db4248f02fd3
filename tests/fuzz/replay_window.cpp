// Any bytes as counters that come in, near each other, far ahead, far behind and at the limits: a
// ReplayWindow says of each what a set of all that was accepted says.
#include "protocol/replay_window.h"

#include "base/assert.h"
#include "reader.h"
#include "tests/protocol/replay_window_model.h"

namespace {

using wgns::ReplayWindow;

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
    wgns::ReplayWindowModel model;
    std::uint64_t counter = 0;
    while (!reader.done()) {
        counter = move(reader, counter);
        WG_ASSERT(window.accept(counter) == model.accept(counter));
    }
    return 0;
}
