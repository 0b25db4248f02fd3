#!/usr/bin/env python3
"""Every operation of the running daemon fails with every error, and it goes on; docs/FAULTS.md is
what these tests find."""

import os
import queue
import tempfile
import threading
import time
import unittest
from pathlib import Path

import fault_page
import harness
from fault_plan import SHORT, result_of
from fault_tunnel import RECOVERY_SECONDS, FaultTunnel
from harness import wait_until

ERRORS = ("ENOBUFS", "EAGAIN", "EPERM", "ENETUNREACH", "EHOSTUNREACH", "EINVAL", "EMSGSIZE", "EIO",
          "ENOMEM", "EMFILE", "EINTR")
TUNNELS = 5  # side by side, because they mostly wait
WINDOW_SECONDS = 2
PATIENCE_SECONDS = 10  # until an operation comes that can fail

# Operation: what it is called, and whether it can be done in part.
BY_RING = {
    "tun_read": ("TUN read", True),
    "tun_write": ("TUN write", True),
    "udp_send": ("UDP send", True),
    "udp_resend": ("UDP send again, one by one", False),
    "udp_receive": ("UDP receive", True),
    "mailbox": ("mailbox poll", False),
    "mailbox_read": ("mailbox read", False),
    "wait": ("io_uring_enter", False),
}
BY_CALLS = {**BY_RING, "wait": ("epoll_wait", False)}
del BY_CALLS["mailbox"]
# What is sent by itself after a train was refused as a whole.
BY_CALLS["udp_send"] = ("UDP send, also one by one", True)
del BY_CALLS["udp_resend"]


class Cell:
    """One operation and one error, in one tunnel."""

    def __init__(self, tunnel, operation, error):
        self.tunnel, self.plan = tunnel, tunnel.plan
        self.operation, self.result = operation, result_of(error)

    def start(self, **how):
        if self.operation == "udp_resend":
            # What makes it send again.
            self.plan.fail(self.tunnel.pid, "udp_send", result_of("EIO"), rule=1)
        self.plan.fail(self.tunnel.pid, self.operation, self.result, **how)

    def once(self):
        self.start(limit=1)
        end = time.monotonic() + PATIENCE_SECONDS
        while self.plan.injected() == 0:
            if time.monotonic() > end:
                return f"never came to it in {PATIENCE_SECONDS} s"
            self.tunnel.poke(self.operation)
        return self.outcome()

    def one_in_three(self):
        self.start(one_in=3)
        end = time.monotonic() + WINDOW_SECONDS
        while time.monotonic() < end:
            self.tunnel.poke(self.operation)
        if self.plan.injected() == 0:
            return "never came to it"
        return self.outcome()

    def outcome(self):
        self.plan.stop_all()
        flows = self.tunnel.traffic.flows_within(RECOVERY_SECONDS)
        if self.tunnel.ours.daemon() != self.tunnel.pid:
            return "ENDS"
        if not flows:
            return "NO TRAFFIC"
        return "lives" if self.tunnel.answers_within(RECOVERY_SECONDS) else "NO ANSWER"

    def run(self):
        outcomes = (self.once(), self.one_in_three())
        return outcomes[0] if outcomes[0] == outcomes[1] else " / ".join(outcomes)


class Faults(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix=harness.PREFIX)))

    def tunnels(self, io):
        return [self.enterContext(FaultTunnel(self.folder, number, io))
                for number in range(TUNNELS)]

    def found(self, tunnels, cells):
        """{(operation, error): result} of all that are in the queue, each in the next tunnel that
        is free."""
        results = {}

        def work(tunnel):
            while True:
                try:
                    cell = cells.get_nowait()
                except queue.Empty:
                    return
                results[cell] = "BROKEN"
                results[cell] = Cell(tunnel, *cell).run()

        threads = [threading.Thread(target=work, args=[tunnel]) for tunnel in tunnels]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def check_matrix(self, title, io, operations):
        columns = [*ERRORS, *SHORT]
        cells = queue.SimpleQueue()
        for operation, (_, has_parts) in operations.items():
            for error in columns:
                if has_parts or error not in SHORT:
                    cells.put((operation, error))
        tunnels = self.tunnels(io)
        descriptors = [tunnel.descriptors() for tunnel in tunnels]
        results = self.found(tunnels, cells)
        rows = [[name, *(results.get((operation, error), "") for error in columns)]
                for operation, (name, _) in operations.items()]
        fault_page.check(self, title, fault_page.table(["", *columns], rows))
        for tunnel, before in zip(tunnels, descriptors):
            wait_until(lambda: tunnel.descriptors() == before, 15, "no descriptor is lost")

    def test_a_command_is_not_lost(self):
        for number, io in enumerate(("uring", "epoll")):
            tunnel = self.enterContext(FaultTunnel(self.folder, number, io))
            for error in ERRORS:
                with self.subTest(io=io, error=error):
                    tunnel.plan.fail(tunnel.pid, "mailbox_read", result_of(error), limit=1)
                    self.assertTrue(tunnel.ask_uapi())
                    self.assertEqual(tunnel.plan.injected(), 1)

    def test_packets_by_uring(self):
        self.check_matrix("Packets, by io_uring", "uring", BY_RING)

    def test_packets_by_epoll(self):
        self.check_matrix("Packets, by epoll", "epoll", BY_CALLS)


if __name__ == "__main__":
    harness.main()
