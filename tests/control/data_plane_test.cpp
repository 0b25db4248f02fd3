#include "control/data_plane.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "tests/control/worker_ports.h"

namespace wgns {
namespace {

TEST(DataPlane, IsChosenByWords) {
    const struct {
        DataPlaneWords words;
        const char* wrong;  // the option that is refused, or none
    } rows[] = {
        /* 1 */ {{}, nullptr},
        /* 2 */ {{"epoll", "sodium", "tcp,udp", "8"}, nullptr},
        /* 3 */ {{"kqueue", "auto", "all", "auto"}, "--io"},
        /* 4 */ {{"auto", "aes", "all", "auto"}, "--aead"},
        /* 5 */ {{"auto", "auto", "some", "auto"}, "--offloads"},
        /* 6 */ {{"auto", "auto", "all", "0"}, "--workers"},
        /* 7 */ {{"auto", "auto", "all", "9"}, "--workers"},
        /* 8 */ {{"auto", "auto", "all", "2x"}, "--workers"},
        /* 9 */ {{"auto", "auto", "all", ""}, "--workers"},
    };
    int number = 0;
    for (const auto& row : rows) {
        const auto choice = choose(row.words);
        ++number;
        EXPECT_EQ(choice.has_value(), row.wrong == nullptr) << "row " << number;
        EXPECT_STREQ(choice ? nullptr : choice.error().operation, row.wrong) << "row " << number;
    }
    EXPECT_EQ(choose({"epoll", "sodium", "tcp,udp", "8"})->workers, 8U);
    EXPECT_GE(choose({})->workers, 1U);
}

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
