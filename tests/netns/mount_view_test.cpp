#include "netns/mount_view.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <functional>

#include "base/read_file.h"
#include "base/unique_fd.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

// A machine for one child: a /run and an /etc of its own, in a mount namespace of its own.
void furnish() {
    ASSERT_EQ(::unshare(CLONE_NEWNS | CLONE_NEWNET), 0);
    ASSERT_EQ(::mount("", "/", nullptr, MS_PRIVATE | MS_REC, nullptr), 0);
    for (const char* folder : {"/run", "/etc"})
        ASSERT_EQ(::mount("tmpfs", folder, "tmpfs", 0, "mode=755"), 0);
    for (const char* folder : {"/run/nscd", "/run/systemd/resolve", "/run/systemd/units",
                               "/run/avahi-daemon", "/run/dbus", "/etc/ssl", "/etc/netns/client"})
        fs::create_directories(folder);
    write("/run/nscd/socket", "");
    write("/run/systemd/resolve/io.systemd.Resolve", "");
    write("/run/systemd/notify", "notify");
    write("/run/dbus/file", "dbus");
    write("/etc/resolv.conf", "nameserver 192.0.2.1\n");
    write("/etc/hosts", "hosts");
    write("/etc/ssl/cert", "cert");
    fs::create_symlink("ssl/cert", "/etc/link");
    write("/etc/netns/client/resolv.conf", "nameserver 10.99.0.2\n");
}

const MountView view{"/etc/netns/client", {}};

// What `body` finds wrong, from a child that may be changed for good.
std::string in_a_child(const std::function<std::string()>& body) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        furnish();
        const std::string told =
            testing::Test::HasFatalFailure() ? "the child could not be furnished" : body();
        const ssize_t written = ::write(ends[1], told.data(), told.size());
        ::_exit(written < 0 ? 1 : 0);
    }
    ::close(ends[1]);
    std::string told;
    std::array<char, 4096> piece{};
    for (ssize_t size = 0; (size = ::read(ends[0], piece.data(), piece.size())) > 0;)
        told.append(piece.data(), static_cast<std::size_t>(size));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return told;
}

// Lines for what is not so; the child has no other way to tell.
struct Report {
    void expect(bool is_so, const std::string& what) {
        if (!is_so) text += what + "\n";
    }
    void expect_view() {
        const Status entered = enter_mount_view(view);
        if (!entered) text += describe(entered.error()) + "\n";
    }
    std::string text;
};

TEST(mount_view, files_of_the_namespace_are_in_etc) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  fs::create_directories("/etc/netns/client/extra");
                  write("/etc/netns/client/extra/inner", "inner");
                  fs::create_symlink("/etc/ssl/cert", "/etc/netns/client/linked");
                  report.expect_view();
                  report.expect(text_of_file("/etc/resolv.conf") == "nameserver 10.99.0.2\n",
                                "resolv");
                  report.expect(text_of_file("/etc/hosts") == "hosts", "hosts");
                  report.expect(text_of_file("/etc/link") == "cert", "a link");
                  report.expect(fs::is_symlink("/etc/link"), "a link is a link");
                  report.expect(text_of_file("/etc/extra/inner") == "inner", "a folder");
                  report.expect(text_of_file("/etc/linked") == "cert", "what a link leads to");
                  report.expect(!std::ofstream("/etc/fresh"), "its top is read-only");
                  return report.text;
              }),
              "");
}

TEST(mount_view, a_text_goes_before_a_file_of_its_name) {
    WGNS_SKIP_UNLESS_ROOT();
    for (const char* files : {"/etc/netns/client", "/etc/netns/nobody", ""})
        EXPECT_EQ(in_a_child([&] {
                      Report report;
                      ::umask(077);
                      const Status entered = enter_mount_view(
                          {files, {}, {{"resolv.conf", "the text"}, {"fresh", "another"}}});
                      report.expect(static_cast<bool>(entered), "entered");
                      report.expect(text_of_file("/etc/resolv.conf") == "the text", "resolv");
                      report.expect(text_of_file("/etc/fresh") == "another", "fresh");
                      report.expect(text_of_file("/etc/hosts") == "hosts", "hosts");
                      struct stat info {};
                      report.expect(::stat("/etc/fresh", &info) == 0 && info.st_mode & S_IROTH,
                                    "everybody reads it");
                      report.expect(::umask(022) == 077, "the umask is as it was");
                      return report.text;
                  }),
                  "");
}

TEST(mount_view, a_resolv_conf_of_the_host_may_be_anything) {
    WGNS_SKIP_UNLESS_ROOT();
    for (const char* kind : {"missing", "dangling", "into /run", "a folder"}) {
        EXPECT_EQ(in_a_child([&] {
                      Report report;
                      const std::string is = kind;
                      fs::remove("/etc/resolv.conf");
                      if (is == "dangling") fs::create_symlink("/nowhere", "/etc/resolv.conf");
                      if (is == "a folder") fs::create_directory("/etc/resolv.conf");
                      if (is == "into /run") {
                          write("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53");
                          fs::create_symlink("../run/systemd/resolve/stub-resolv.conf",
                                             "/etc/resolv.conf");
                      }
                      report.expect_view();
                      report.expect(text_of_file("/etc/resolv.conf") == "nameserver 10.99.0.2\n",
                                    kind);
                      return report.text;
                  }),
                  "");
    }
}

TEST(mount_view, sockets_that_look_names_up_are_not_there) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  report.expect_view();
                  for (const char* path : {"/run/nscd", "/var/run/nscd/socket", "/run/avahi-daemon",
                                           "/run/systemd/resolve"})
                      report.expect(!fs::exists(path), path);
                  report.expect(text_of_file("/run/systemd/notify") == "notify", "notify");
                  report.expect(fs::is_directory("/run/systemd/units"), "units");
                  report.expect(text_of_file("/run/dbus/file") == "dbus", "dbus");
                  report.expect(static_cast<bool>(std::ofstream("/run/fresh")), "/run is writable");
                  return report.text;
              }),
              "");
}

// The host goes on in another process: one that has the mounts from before.
TEST(mount_view, what_the_host_does_meanwhile_uncovers_nothing) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(
        in_a_child([] {
            Report report;
            const UniqueFd etc(::open("/etc", O_PATH | O_DIRECTORY));
            const UniqueFd run(::open("/run", O_PATH | O_DIRECTORY));
            const std::string host_etc = "/proc/self/fd/" + std::to_string(etc.get());
            const std::string host_run = "/proc/self/fd/" + std::to_string(run.get());
            report.expect_view();
            write(host_etc + "/fresh", "nameserver 192.0.2.9\n");
            fs::rename(host_etc + "/fresh", host_etc + "/resolv.conf");
            fs::remove_all(host_run + "/nscd");
            fs::create_directory(host_run + "/nscd");
            write(host_run + "/dbus/file", "news");
            report.expect(text_of_file("/etc/resolv.conf") == "nameserver 10.99.0.2\n", "resolv");
            report.expect(!fs::exists("/run/nscd"), "nscd");
            report.expect(text_of_file("/run/dbus/file") == "news", "folders are the host's own");
            return report.text;
        }),
        "");
}

TEST(mount_view, sys_is_the_namespaces_own) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  report.expect_view();
                  for (const auto& entry : fs::directory_iterator("/sys/class/net"))
                      report.expect(entry.path().filename() == "lo", entry.path());
                  report.expect(fs::exists("/sys/fs/cgroup"), "control groups");
                  return report.text;
              }),
              "");
}

TEST(mount_view, the_working_folder_is_not_the_hosts_below_it) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  report.expect(::chdir("/etc") == 0, "chdir");
                  report.expect_view();
                  report.expect(text_of_file("resolv.conf") == "nameserver 10.99.0.2\n", "resolv");
                  return report.text;
              }),
              "");
}

TEST(mount_view, without_what_up_made_there_is_none) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  const Status entered =
                      enter_mount_view({"/etc/netns/client", {"/etc/netns/client/nsswitch.conf"}});
                  report.expect(!entered, "entered");
                  report.expect(!entered && entered.error().subject.ends_with("nsswitch.conf"),
                                "the error names it");
                  return report.text;
              }),
              "");
}

TEST(mount_view, a_dangling_link_among_the_files_is_refused) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  fs::create_symlink("/nowhere", "/etc/netns/client/hosts");
                  report.expect(!enter_mount_view(view), "entered");
                  return report.text;
              }),
              "");
}

TEST(mount_view, without_files_of_its_own_etc_is_the_hosts) {
    WGNS_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_a_child([] {
                  Report report;
                  const Status entered = enter_mount_view({"/etc/netns/nobody", {}});
                  report.expect(static_cast<bool>(entered), "entered");
                  report.expect(text_of_file("/etc/resolv.conf") == "nameserver 192.0.2.1\n",
                                "resolv");
                  report.expect(!fs::exists("/run/nscd"), "nscd");
                  return report.text;
              }),
              "");
}

}  // namespace
}  // namespace wgns
