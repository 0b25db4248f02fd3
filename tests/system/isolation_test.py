#!/usr/bin/env python3
"""What a daemon may still do once it moves packets, as the kernel tells it."""

import os
import pathlib
import re

import harness
from harness import inside, ping, run, wait_until
from tunnel import PEER_V4, TunnelTest

NONE = "0000000000000000"
O_CLOEXEC = 0o2000000


def fields(path):
    """A file of lines KEY: VALUE."""
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {key: value.strip() for key, _, value in lines}


class Isolation(TunnelTest):
    def setUp(self):
        super().setUp()
        self.connect()
        self.daemon = pathlib.Path("/proc", str(wait_until(self.ours.daemon, 5, "a daemon")))

    def wg(self, *words, check=True):
        return run(["wg", *words], check=check)

    def test_every_thread_has_given_up_its_privileges(self):
        ping(self.name, PEER_V4)
        threads = list(self.daemon.glob("task/*/status"))
        # The control thread, a worker, and the one that lives inside.
        self.assertGreaterEqual(len(threads), 3)
        for thread in map(fields, threads):
            with self.subTest(thread["Name"]):
                for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertEqual(thread[which], NONE, which)
                self.assertEqual(thread["NoNewPrivs"], "1")
                self.assertEqual(thread["Seccomp"], "2")
                self.assertNotIn("0", thread["Uid"].split())
                self.assertNotIn("0", thread["Gid"].split())
                self.assertEqual(thread["Groups"], "")

    def test_its_memory_is_closed(self):
        # Of a process that is not dumpable, /proc belongs to root.
        self.assertEqual((self.daemon / "mem").stat().st_uid, 0)
        limits = (self.daemon / "limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        flags = re.findall(r"VmFlags: (.*)", (self.daemon / "smaps").read_text())
        with_keys = [line.split() for line in flags if "wf" in line.split()]
        self.assertTrue(with_keys)
        for line in with_keys:
            self.assertIn("dd", line)
            self.assertIn("lo", line)

    def test_no_descriptor_goes_to_another_program(self):
        for pid in self.ours.processes():
            for descriptor in pathlib.Path("/proc", str(pid), "fdinfo").iterdir():
                if int(descriptor.name) <= 2:
                    continue
                flags = int(fields(descriptor)["flags"], 8)
                where = os.readlink(descriptor.parent.parent / "fd" / descriptor.name)
                self.assertTrue(flags & O_CLOEXEC, where)

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


if __name__ == "__main__":
    harness.main()
