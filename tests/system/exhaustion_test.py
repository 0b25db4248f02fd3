#!/usr/bin/env python3
"""No memory and no room: what cannot be done is not done, and nothing leaks and nothing is left."""

import contextlib
import os
import socket
import sys
from pathlib import Path

import harness
from harness import (
    HOST_V4,
    PROVIDER_V4,
    entries,
    inside,
    ping,
    process,
    product_binary,
    run,
    wait_until,
)
from tunnel import PEER_V4, TunnelTest

STATE = "/run/wgns-user"
FOLDER = Path(__file__).parent
MARK = "in-the-clear"
MiB = 1 << 20
# Enough for a daemon with a peer, and not for one with 60,000.
DATA_BYTES = 96 * MiB


def peers_to_swallow(count):
    lines = ["set=1"]
    for number in range(count):
        lines += [f"public_key={number + 1:064x}",
                  *(f"allowed_ip=fd00:{number:x}:{each:x}::/48" for each in range(16))]
    return ("\n".join(lines) + "\n\n").encode()


class Memory(TunnelTest):
    def up(self, *limit):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        run(inside(self.host, *limit, product_binary(), "up", self.ours.path))
        ping(self.name, PEER_V4)

    def swallow(self):
        """Peers until the daemon has had enough."""
        first = self.ours.daemon()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(f"/run/wireguard/{self.name}.sock")
            client.sendall(peers_to_swallow(60_000))
            while client.recv(4096):
                pass
        wait_until(lambda: self.ours.daemon() not in (None, first), 20, "another daemon")

    def watch_marked(self):
        """Somebody inside sends a mark wherever he may; returns what counts it outside."""
        seen = self.folder / "seen"
        words = [sys.executable, "-B", FOLDER / "capture.py", MARK, seen]
        self.enter(process(inside(self.host, *words), self.folder / "capture.log"))
        wait_until(seen.exists, 10, "the capture runs")
        words = [sys.executable, "-B", FOLDER / "send_marked.py", MARK, 60, PEER_V4, PROVIDER_V4,
                 HOST_V4]
        self.enter(process(inside(self.name, *words), self.folder / "sender.log"))
        return lambda: int(wait_until(lambda: seen.read_text().split(), 5, "counts")[1])

    def assert_works_again(self):
        ping(self.name, PEER_V4)
        dump = run(["wg", "show", self.name, "peers"]).stdout.split()
        self.assertEqual(dump, [self.peer.public])

    def test_a_daemon_without_memory_is_started_again_and_nothing_leaks(self):
        self.up("prlimit", f"--data={DATA_BYTES}")
        marked = self.watch_marked()
        self.swallow()
        self.assert_works_again()
        self.assertEqual(marked(), 0)
        log = Path(STATE, self.name, "log").read_text()
        self.assertIn("is started again", log)

    def test_the_kernel_ends_a_daemon_of_a_group_that_is_full(self):
        self.up()
        with memory_group(self.folder) as group:
            if group is None:
                return print("no memory controller here: not tried")
            folder, limit, current = group
            (folder / "cgroup.procs").write_text(str(self.ours.daemon()))
            (folder / limit).write_text(str(int((folder / current).read_text()) + 4 * MiB))
            ping(self.name, PEER_V4)
            self.swallow()
            self.assert_works_again()


@contextlib.contextmanager
def memory_group(base):
    """(folder, file of the limit, file of what is used) of a new control group, or None."""
    for words, limit, current in ((["cgroup2", "cgroup2"], "memory.max", "memory.current"),
                                  (["cgroup", "-o", "memory", "cgroup"], "memory.limit_in_bytes",
                                   "memory.usage_in_bytes")):
        root = base / words[0]
        root.mkdir()
        if run(["mount", "-t", *words, root], check=False).returncode != 0:
            continue
        folder = root / f"wgt{os.getpid()}"
        try:
            with contextlib.suppress(OSError):
                (root / "cgroup.subtree_control").write_text("+memory")
            folder.mkdir()
            if not (folder / limit).exists():
                continue
            yield folder, limit, current
            wait_until(lambda: not (folder / "cgroup.procs").read_text(), 10, "the group is empty")
            return
        finally:
            with contextlib.suppress(OSError):
                folder.rmdir()
            run(["umount", root])
    yield None


class Disk(TunnelTest):
    def setUp(self):
        super().setUp()
        self.configure_peer()
        self.ours.write(self.interface(DNS="10.99.0.2"), self.towards_peer())

    @contextlib.contextmanager
    def room(self, options):
        """State goes to a file system of its own."""
        Path(STATE).mkdir(mode=0o755, exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", STATE])
        try:
            yield
        finally:
            run(["umount", "-l", STATE])

    def up_in(self, options):
        """Whether it came up; if not, that it said so and left nothing."""
        with self.room(options):
            before = harness.snapshot()
            done = self.ours.call("up", self.ours.path, check=False)
            if done.returncode == 0:
                self.ours.down()
                return True
            self.assertEqual(done.returncode, 1, (options, done.stderr))
            self.assertEqual(len(done.stderr.splitlines()), 1, (options, done.stderr))
            self.assertIn("No space left on device", done.stderr, options)
            wait_until(lambda: not self.ours.processes(), 10, "no process is left")
            self.assertEqual(harness.snapshot(), before, (options, done.stderr))
            return False

    def test_up_without_room(self):
        page = os.sysconf("SC_PAGESIZE") // 1024
        for kind in (lambda n: f"size={n * page}k", lambda n: f"size=1m,nr_inodes={n + 1}"):
            tried = [self.up_in(kind(number)) for number in range(1, 20)]
            self.assertFalse(tried[0])
            self.assertTrue(tried[-1])
            print(f"{kind(1)} to {kind(19)}: {tried.count(False)} times too little")

    def test_a_running_instance_goes_on(self):
        with self.room("size=1m"):
            self.ours.call("up", self.ours.path)
            ping(self.name, PEER_V4)
            with contextlib.suppress(OSError), open(f"{STATE}/filler", "wb", buffering=0) as filler:
                while filler.write(b"x" * 4096):
                    pass
            ping(self.name, PEER_V4)
            run(["wg", "set", self.name, "peer", self.peer.public, "persistent-keepalive", "5"])
            self.assertEqual(self.ours.status()["instance"], self.name)
            first = self.ours.daemon()
            os.kill(first, 9)
            wait_until(lambda: self.ours.daemon() not in (None, first), 10, "another daemon")
            ping(self.name, PEER_V4)
            # What cannot be written down is not done, in one line.
            self.ours.write(self.interface(DNS="10.99.0.3"), self.towards_peer(Name="other"))
            done = self.ours.call("reload", self.name, self.ours.path, check=False)
            self.assertLessEqual(len(done.stderr.splitlines()), 1, done.stderr)
            ping(self.name, PEER_V4)
            self.ours.down()
            os.unlink(f"{STATE}/filler")
            self.assertEqual(entries(STATE), [])


if __name__ == "__main__":
    harness.main()
