#include "cli/bench/machine.h"

#include <gtest/gtest.h>

namespace wgns::bench {
namespace {

TEST(BenchMachine, TheProcessorHasAName) {
    EXPECT_EQ(cpu_name("processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nmodel name\t: B\n", "x86_64"),
              "A CPU @ 2 GHz");
    EXPECT_EQ(cpu_name("processor\t: 0\nBogoMIPS\t: 48\n", "aarch64"), "aarch64");
    EXPECT_EQ(cpu_name("", "riscv64"), "riscv64");
}

TEST(BenchMachine, HowBusyItIs) {
    const Ticks before = ticks_of("cpu  10 1 5 100 4 2 3 1 7 7\ncpu0 1 2 3\n");
    EXPECT_EQ(before.busy, 22);
    EXPECT_EQ(before.all, 126);
    EXPECT_EQ(busy_share(before, ticks_of("cpu  20 1 5 130 4 2 3 1\n")), 0.25);
    EXPECT_EQ(busy_share(before, before), 0);
    EXPECT_EQ(ticks_of("").all, 0);
    EXPECT_GT(ticks_now().all, 0);
}

TEST(BenchMachine, ThisOneIsKnown) {
    const Machine machine = this_machine();
    EXPECT_FALSE(machine.kernel.empty());
    EXPECT_FALSE(machine.cpu.empty());
    EXPECT_GT(machine.cpus, 0U);
    EXPECT_GT(machine.memory_mib, 0U);
    EXPECT_FALSE(own_command_line().empty());
    EXPECT_EQ(time_now().size(), 20U);
}

}  // namespace
}  // namespace wgns::bench
