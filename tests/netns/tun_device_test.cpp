#include "netns/tun_device.h"

#include <fcntl.h>
#include <net/if.h>

#include <cerrno>
#include <thread>

#include "tests/netns/test_network.h"

namespace wgns {
namespace {

constexpr const char* device = "wgnstest0";

TEST(tun_device, is_born_inside) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto tun = open_tun(*ns, device);
    ASSERT_TRUE(tun) << describe(tun.error());
    const auto index = ns->run([] { return Result<unsigned>(::if_nametoindex(device)); });
    ASSERT_TRUE(index);
    EXPECT_NE(*index, 0U);
    EXPECT_EQ(::if_nametoindex(device), 0U);
    EXPECT_NE(::fcntl(tun->front().get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(tun_device, the_longest_name_fits) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    EXPECT_TRUE(open_tun(*ns, "wgnstest8901234"));
}

TEST(tun_device, a_name_in_use_is_an_error_with_a_hint) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto first = open_tun(*ns, device);
    ASSERT_TRUE(first);
    const auto second = open_tun(*ns, device);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EBUSY);
    EXPECT_NE(second.error().hint.find("InterfaceName"), std::string::npos);
}

TEST(tun_device, a_name_that_is_let_go_of_is_taken) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    auto first = open_tun(*ns, device);
    ASSERT_TRUE(first);
    std::thread closing([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        first->clear();
    });
    EXPECT_TRUE(open_tun(*ns, device));
    closing.join();
}

TEST(tun_device, one_name_in_two_namespaces) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto one = Namespace::create();
    const auto other = Namespace::create();
    ASSERT_TRUE(one && other);
    const auto first = open_tun(*one, device);
    EXPECT_TRUE(first);
    EXPECT_TRUE(open_tun(*other, device));
}

TEST(tun_device, tells_where_it_is) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto tun = open_tun(*ns, device);
    ASSERT_TRUE(tun);
    const auto told = tun_namespace(tun->front().get());
    ASSERT_TRUE(told) << describe(told.error());
    EXPECT_EQ(told->identity(), ns->identity());
}

TEST(tun_device, what_is_no_tun_is_nowhere) {
    const UniqueFd other(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const auto told = tun_namespace(other.get());
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, ENOTTY);
}

TEST(tun_device, has_a_queue_for_each_worker) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto tun = open_tun(*ns, device, 3);
    ASSERT_TRUE(tun) << describe(tun.error());
    ASSERT_EQ(tun->size(), 3U);
    for (const UniqueFd& queue : *tun)
        EXPECT_EQ(tun_shape(queue.get())->name, device);
    const auto others = open_tun(*ns, device, 2);
    ASSERT_FALSE(others) << "a queue of somebody else's device";
    EXPECT_EQ(others.error().code, EBUSY);
}

}  // namespace
}  // namespace wgns
