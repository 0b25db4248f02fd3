#!/usr/bin/env python3
"""What a daemon may still do once it moves packets, as the kernel tells it."""

import contextlib
import os
import pathlib
import re
import unittest.mock

import harness
from harness import (
    PREFIX,
    SystemTest,
    entries,
    inside,
    ping,
    process,
    product_binary,
    run,
    wait_until,
)
from peers import Interface, private_key, write_private
from tunnel import PEER_V4, TunnelTest

NONE = "0000000000000000"
FOR_MARKS_AND_PORTS = "0000000000001400"  # CAP_NET_ADMIN, CAP_NET_BIND_SERVICE
O_CLOEXEC = 0o2000000


def fields(path):
    """A file of lines KEY: VALUE."""
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {key: value.strip() for key, _, value in lines}


def statuses_of_threads(daemon):
    return [fields(path) for path in daemon.glob("task/*/status")]


class Closed:
    """What holds for every process that moves packets; `daemon` is its folder in /proc."""

    filters_before = int(fields(pathlib.Path("/proc/self/status"))["Seccomp_filters"])

    def assert_memory_is_closed(self, daemon):
        # Of a process that is not dumpable, /proc belongs to root.
        self.assertEqual((daemon / "mem").stat().st_uid, 0)
        limits = (daemon / "limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        flags = re.findall(r"VmFlags: (.*)", (daemon / "smaps").read_text())
        with_keys = [line.split() for line in flags if "wf" in line.split()]
        self.assertTrue(with_keys)
        for line in with_keys:
            self.assertIn("dd", line)
            self.assertIn("lo", line)

    def assert_no_descriptor_goes_to_another_program(self, daemon):
        for descriptor in (daemon / "fdinfo").iterdir():
            if int(descriptor.name) <= 2:
                continue
            # A client that has had its answer is just going.
            with contextlib.suppress(FileNotFoundError):
                flags = int(fields(descriptor)["flags"], 8)
                where = os.readlink(daemon / "fd" / descriptor.name)
                self.assertTrue(flags & O_CLOEXEC, where)


class Isolation(TunnelTest, Closed):
    def setUp(self):
        super().setUp()
        self.connect()
        self.daemon = pathlib.Path("/proc", str(wait_until(self.ours.daemon, 5, "a daemon")))

    def wg(self, *words, check=True):
        return run(["wg", *words], check=check)

    def test_every_thread_has_given_up_its_privileges(self):
        ping(self.name, PEER_V4)
        threads = statuses_of_threads(self.daemon)
        # The control thread, a worker, and the one that lives inside.
        self.assertGreaterEqual(len(threads), 3)
        for thread in threads:
            with self.subTest(thread["Name"]):
                for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertEqual(thread[which], NONE, which)
                self.assertEqual(thread["NoNewPrivs"], "1")
                self.assertEqual(thread["Seccomp"], "2")
                self.assertEqual(int(thread["Seccomp_filters"]), self.filters_before + 2)
                self.assertNotIn("0", thread["Uid"].split())
                self.assertNotIn("0", thread["Gid"].split())
                self.assertEqual(thread["Groups"], "")

    def test_its_memory_is_closed(self):
        self.assert_memory_is_closed(self.daemon)

    def test_no_descriptor_goes_to_another_program(self):
        for pid in self.ours.processes():
            self.assert_no_descriptor_goes_to_another_program(pathlib.Path("/proc", str(pid)))

    def test_a_port_and_a_mark_are_had_by_its_supervisor(self):
        self.wg("set", self.name, "listen-port", "998", "fwmark", "0x3f")
        shown = self.wg("show", self.name).stdout
        self.assertIn("listening port: 998", shown)
        self.assertIn("fwmark: 0x3f", shown)
        ports = run(inside(self.host, "ss", "-Hlun")).stdout
        self.assertIn(":998 ", ports)
        self.wg("set", self.name, "fwmark", "0x40")
        self.assertIn("fwmark: 0x40", self.wg("show", self.name).stdout)
        ping(self.name, PEER_V4)

    def test_a_port_that_is_taken_changes_nothing(self):
        before = self.wg("show", self.name, "listen-port").stdout
        taken = run(inside(self.host, "python3", "-c",
                           "import socket,subprocess,sys\n"
                           "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                           "s.bind(('', 997))\n"
                           "subprocess.run(sys.argv[1:])\n",
                           "wg", "set", self.name, "listen-port", "997"))
        self.assertIn("Address already in use", taken.stderr)
        self.assertEqual(self.wg("show", self.name, "listen-port").stdout, before)
        ping(self.name, PEER_V4)


class OfAnInterface(SystemTest, Closed):
    """`wgns-user IFACE`, which nobody supervises."""

    name = f"{PREFIX}c"

    def assert_isolated(self, pid, threads_min):
        daemon = pathlib.Path("/proc", str(pid))
        threads = statuses_of_threads(daemon)
        self.assertGreaterEqual(len(threads), threads_min)
        for thread in threads:
            with self.subTest(thread["Name"]):
                for which in ("CapPrm", "CapEff", "CapBnd"):
                    self.assertEqual(thread[which], FOR_MARKS_AND_PORTS, which)
                for which in ("CapInh", "CapAmb"):
                    self.assertEqual(thread[which], NONE, which)
                self.assertEqual(thread["NoNewPrivs"], "1")
                self.assertEqual(thread["Seccomp"], "2")
                self.assertEqual(int(thread["Seccomp_filters"]), self.filters_before + 2)
                # Whoever made a folder of sockets takes its own out of it.
                self.assertEqual(set(thread["Uid"].split()), {"0"})
        self.assert_memory_is_closed(daemon)
        self.assert_no_descriptor_goes_to_another_program(daemon)

    def use(self, interface, key):
        """All that it still does with a privilege: it has the answers that it would have."""
        interface.wg("set", "private-key", key, "listen-port", "998",
                     "fwmark", "0x3f")
        shown = interface.wg("show")
        self.assertIn("listening port: 998", shown)
        self.assertIn("fwmark: 0x3f", shown)
        run(["ip", "-n", self.host, "link", "set", self.name, "mtu", "1300", "up"])

    def test_an_interface_has_given_up_its_privileges(self):
        key = write_private(self.folder / "key", private_key())
        for io, workers in (("uring", 1), ("epoll", 1), ("uring", 2), ("epoll", 2)):
            with self.subTest(io=io, workers=workers):
                choice = {"WGNS_IO": io, "WGNS_WORKERS": str(workers)}
                with (unittest.mock.patch.dict(os.environ, choice),
                      Interface(self.host, self.name, self.folder) as interface):
                    self.use(interface, key)
                    self.assert_isolated(interface.pid(), 1 + workers)
                self.assertNotIn(f"{self.name}.sock", entries("/run/wireguard"))

    def test_in_the_foreground_too(self):
        command = inside(self.host, product_binary(), "-f", self.name)
        with process(command, self.folder / "log") as child:
            asked = ["wg", "show", self.name]
            wait_until(lambda: run(asked, check=False).returncode == 0, 10, "it serves")
            self.assert_isolated(child.pid, 2)
            child.terminate()
            self.assertEqual(child.wait(timeout=10), 0)
        self.assertNotIn(f"{self.name}.sock", entries("/run/wireguard"))


if __name__ == "__main__":
    harness.main()
