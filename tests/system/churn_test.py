#!/usr/bin/env python3
"""Peers come and go, keys change and instances come up and go down, thousands of times; nothing may
grow and nothing may hang. WGNS_CHURN_CYCLES=1000 takes the instances up as often (100)."""

import contextlib
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import harness
from harness import entries, inside, ping, process, run, wait_until
from memory import forms
from peers import preshared_key, private_key, public_key, write_private
from tunnel import OUR_ALLOWED, PEER_V4, TunnelTest

PEERS = 10_000
# The allocator's pools and the first connections are there after so many.
WARM_UP = 1000
GROWTH_KB = 1024
KEYS = 100
CYCLES = int(os.environ.get("WGNS_CHURN_CYCLES", "100"))
END_SECONDS = 1.0


def hexadecimal(key):
    return forms(key)["hex"].decode()


def holdings(pids):
    """What each process has of what could grow: descriptors, threads, resident KiB of its own."""
    found = {}
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        private = sum(int(n) for n in re.findall(r"Private_\w+: +(\d+) kB", rollup))
        found[pid] = (len(entries(f"/proc/{pid}/fd")), len(entries(f"/proc/{pid}/task")), private)
    return found


class Uapi:
    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(f"/run/wireguard/{name}.sock")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def set(self, *lines):
        self.socket.sendall("\n".join(["set=1", *lines, "", ""]).encode())
        answer = b""
        while not answer.endswith(b"\n\n"):
            piece = self.socket.recv(4096)
            assert piece, "the daemon hung up"
            answer += piece
        assert answer == b"errno=0\n\n", answer


class Churn(TunnelTest):
    def assert_steady(self, before, after):
        self.assertEqual(set(before), set(after))
        for pid, (descriptors, threads, private) in after.items():
            listed = run(["ls", "-l", f"/proc/{pid}/fd"]).stdout
            told = f"{before[pid]} before, {after[pid]} after: {listed}"
            self.assertEqual(descriptors, before[pid][0], told)
            self.assertEqual(threads, before[pid][1], told)
            self.assertLess(private - before[pid][2], GROWTH_KB, told)

    def settled(self):
        """Once what UAPI started has come to its end: the supervisor keeps one setup."""
        last = None
        def is_steady():
            nonlocal last
            now = {pid: each[:2] for pid, each in holdings(self.ours.processes()).items()}
            last, same = now, now == last
            return same
        wait_until(is_steady, 5, "nothing moves")
        return holdings(self.ours.processes())

    def traffic(self):
        """Pings a hundred times a second, until the end of the block."""
        command = inside(self.name, "ping", "-n", "-q", "-i", "0.01", PEER_V4)
        return process(command, self.folder / "ping")

    def come_and_go(self, uapi, numbers):
        for number in numbers:
            key = f"{number:064x}"
            uapi.set(f"public_key={key}", f"preshared_key={number + 1:064x}",
                     f"endpoint=10.77.0.2:{number % 60_000 + 1}",
                     f"allowed_ip=10.{number >> 16 & 127}.{number >> 8 & 255}.{number & 255}/32")
            uapi.set(f"public_key={key}", "remove=true")

    def test_ten_thousand_peers_come_and_go_under_traffic(self):
        self.connect()
        ping(self.name, PEER_V4)
        with self.traffic() as load, Uapi(self.name) as uapi:
            self.come_and_go(uapi, range(1, WARM_UP))
            before = self.settled()
            began = time.monotonic()
            self.come_and_go(uapi, range(WARM_UP, WARM_UP + PEERS))
            took = time.monotonic() - began
            self.assert_steady(before, self.settled())
            load.send_signal(signal.SIGINT)
            load.wait(timeout=10)
        told = (self.folder / "ping").read_text()
        sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received",
                                            told).groups())
        self.assertGreaterEqual(received, sent - 1, told)
        print(f"{PEERS} peers in {took:.1f} s; {received} of {sent} pings; "
              f"{before} before, {holdings(self.ours.processes())} after")

    def change_keys(self, uapi):
        """Ours, and the preshared key, on both sides. The other side's first: an initiation that it
        does not know yet would be in vain, and the next one follows after 5 s."""
        private, psk = private_key(), preshared_key()
        path = write_private(self.folder / "psk", psk)
        new = public_key(private)
        self.peer.wg("set", "peer", self.ours.public, "remove", "peer", new, "preshared-key", path,
                     "allowed-ips", OUR_ALLOWED.replace(" ", ""))
        uapi.set(f"private_key={hexadecimal(private)}",
                 f"public_key={hexadecimal(self.peer.public)}", "update_only=true",
                 f"preshared_key={hexadecimal(psk)}")
        self.ours.public = new

    def test_keys_change_under_traffic(self):
        self.connect()
        with self.traffic(), Uapi(self.name) as uapi:
            for number in range(KEYS):
                self.change_keys(uapi)
                ping(self.name, PEER_V4, count=1)
                if number == 4:
                    before = self.settled()
            self.assert_steady(before, self.settled())

    def sent_bytes(self):
        for line in run(["wg", "show", self.name, "transfer"]).stdout.splitlines():
            key, _, sent = line.split()
            if key == self.peer.public:
                return int(sent)
        return 0

    def test_it_ends_within_a_second_at_full_load(self):
        self.connect()
        ping(self.name, PEER_V4)
        ended = threading.Event()
        def churn():
            with contextlib.suppress(OSError, AssertionError), Uapi(self.name) as uapi:
                while not ended.is_set():
                    self.come_and_go(uapi, range(1, 1000))
        churning = threading.Thread(target=churn)
        with contextlib.ExitStack() as stack:
            server = inside(self.provider, "iperf3", "-s", "-1", "-B", PEER_V4)
            stack.enter_context(process(server, self.folder / "server"))
            wait_until(lambda: ":5201 " in run(inside(self.provider, "ss", "-Hlnt")).stdout, 5,
                       "iperf3 listens")
            load = inside(self.name, "iperf3", "-c", PEER_V4, "-t", 60, "-P", 4)
            stack.enter_context(process(load, self.folder / "load"))
            churning.start()
            stack.callback(churning.join)
            stack.callback(ended.set)
            wait_until(lambda: self.sent_bytes() > 50_000_000, 30, "the load is on")
            began = time.monotonic()
            os.kill(self.ours.supervisor(), signal.SIGTERM)
            wait_until(lambda: not self.ours.processes(), 10, "its end")
            took = time.monotonic() - began
        self.assertLess(took, END_SECONDS)
        print(f"ended in {took:.2f} s")


class UpAndDown(TunnelTest):
    def machine(self):
        """What an instance could leave behind beside what every test looks at."""
        namespaces = {os.readlink(path) for path in Path("/proc").glob("[0-9]*/ns/*")
                      if path.exists()}
        return {
            "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
            "namespaces": len(namespaces),
            "processes": len([name for name in entries("/proc") if name.isdigit()]),
            "run": sorted(str(path) for path in Path("/run").rglob("*")),
            "cgroups": len(list(Path("/sys/fs/cgroup").rglob("cgroup.procs"))),
            "shared memory": entries("/dev/shm"),
        }

    def test_up_and_down(self):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        for number in range(CYCLES):
            self.ours.call("up", self.ours.path)
            if number % 10 == 0:
                ping(self.name, PEER_V4, count=1)
            self.ours.call("down", self.name)
            if number == 2:
                before, began = self.machine(), time.monotonic()
        took = (time.monotonic() - began) / (CYCLES - 3)
        self.assertEqual(self.machine(), before)
        print(f"{CYCLES} times up and down, {took:.2f} s each")


if __name__ == "__main__":
    harness.main()
