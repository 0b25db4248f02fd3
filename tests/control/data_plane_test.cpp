#include "control/data_plane.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/control/worker_ports.h"

namespace wgns {
namespace {

TEST(DataPlane, TakesTheBackendItIsTold) {
    for (const IoKind kind : {IoKind::uring, IoKind::epoll}) {
        WorkerPorts ports;
        DataPlaneChoice choice;
        choice.io = kind;
        const auto worker = DataPlane::start(choice, std::move(ports.ports), [] {});
        ASSERT_TRUE(worker) << describe(worker.error());
        std::promise<std::string> io;
        ASSERT_TRUE((*worker)->post(
            TakeSnapshot{[&](const WorkerSnapshot& snapshot) { io.set_value(snapshot.io); }}));
        EXPECT_EQ(io.get_future().get(), kind == IoKind::uring ? "uring" : "epoll");
    }
}

TEST(DataPlane, DoesWhatItWasPostedBeforeItEnds) {
    bool is_done = false;
    {
        WorkerPorts ports;
        const auto worker = DataPlane::start({}, std::move(ports.ports), [] {});
        ASSERT_TRUE(worker) << describe(worker.error());
        ASSERT_TRUE((*worker)->post(TakeSnapshot{[&](const WorkerSnapshot&) { is_done = true; }}));
    }
    EXPECT_TRUE(is_done);
}

}  // namespace
}  // namespace wgns
