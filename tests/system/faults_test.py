#!/usr/bin/env python3
"""Every operation of the running daemon fails with every error, and it goes on; docs/FAULTS.md is
what these tests find."""

import concurrent.futures
import os
import queue
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import NamedTuple

import fault_page
import harness
from fault_plan import SHORT, result_of
from fault_services import NamedTunnel, ServedTunnel
from fault_tunnel import RECOVERY_SECONDS, TICK_SECONDS, FaultTunnel
from harness import entries, wait_until

ERRORS = ("ENOBUFS", "EAGAIN", "EPERM", "ENETUNREACH", "EHOSTUNREACH", "EINVAL", "EMSGSIZE", "EIO",
          "ENOMEM", "EMFILE", "EINTR")
TUNNELS = 12  # side by side, because they mostly wait
WINDOW_SECONDS = 2
PATIENCE_SECONDS = 10  # until an operation comes that can fail

# How an operation comes about, beside packets that flow: a method of FaultTunnel.
FLOW, QUESTION, BOTH_QUESTIONS, LINK, PORT = "", "ask_uapi", "answers", "bounce_link", "set_port"


class Operation(NamedTuple):
    title: str
    poke: str = FLOW
    has_parts: bool = False  # whether it can be done in part


BY_RING = {
    "tun_read": Operation("TUN read", has_parts=True),
    "tun_write": Operation("TUN write", has_parts=True),
    "udp_send": Operation("UDP send", has_parts=True),
    "udp_resend": Operation("UDP send again, one by one"),
    "udp_receive": Operation("UDP receive", has_parts=True),
    "mailbox": Operation("mailbox poll", QUESTION),
    "mailbox_read": Operation("mailbox read", QUESTION),
    "wait": Operation("io_uring_enter"),
}
BY_CALLS = {
    "tun_read": Operation("TUN read", has_parts=True),
    "tun_write": Operation("TUN write", has_parts=True),
    "udp_send": Operation("UDP send, also one by one", has_parts=True),
    "udp_receive": Operation("UDP receive", has_parts=True),
    "mailbox_read": Operation("mailbox read", QUESTION),
    "wait": Operation("epoll_wait"),
}
CONTROL = {
    "epoll_wait": Operation("epoll_wait", QUESTION),
    "epoll_ctl": Operation("epoll_ctl", QUESTION),
    "timerfd_settime": Operation("timerfd_settime", QUESTION),
    "accept4": Operation("accept4", BOTH_QUESTIONS),
    "ioctl": Operation("ioctl", BOTH_QUESTIONS),
    "recv": Operation("recv", QUESTION),
    "send": Operation("send", BOTH_QUESTIONS, has_parts=True),
    "write": Operation("write to a mailbox or a setup", PORT),
    "recvmsg": Operation("recvmsg of commands", "ask_status"),
    "sendmsg": Operation("sendmsg to the supervisor", PORT),
    "poll": Operation("poll for the supervisor", PORT),
    "memfd_create": Operation("memfd_create", PORT),
    "dup": Operation("fcntl, F_DUPFD_CLOEXEC", PORT),
    "netlink_send": Operation("netlink request", LINK),
    "netlink_receive": Operation("netlink answer", LINK),
}
# Of the thread that lives inside, for published ports.
PUBLISH = {
    f"inside_{call}": Operation(title, "ask_published", has_parts)
    for call, title, has_parts in (
        ("accept4", "accept4", False), ("socket", "socket", False), ("connect", "connect", False),
        ("setsockopt", "setsockopt", False), ("ioctl", "ioctl", False),
        ("recv", "recv", True), ("send", "send", True), ("shutdown", "shutdown", False),
        ("epoll_wait", "epoll_wait", False), ("epoll_ctl", "epoll_ctl", False))
}
METRICS = {
    call: Operation(title, "ask_metrics", has_parts)
    for call, title, has_parts in (
        ("accept4", "accept4", False), ("ioctl", "ioctl", False), ("recv", "recv", True),
        ("sendmsg", "sendmsg", True), ("epoll_wait", "epoll_wait", False),
        ("epoll_ctl", "epoll_ctl", False), ("timerfd_settime", "timerfd_settime", False),
        ("shutdown", "shutdown", False))
}
NAMES = {
    "getaddrinfo": Operation("getaddrinfo", "ask_for_name"),
    **{f"dns_{call}": Operation(f"{call} of a question", "ask_for_name")
       for call in ("socket", "connect", "sendmmsg", "poll", "recvfrom")},
}


class Cell:
    """One operation and one error, in one tunnel."""

    def __init__(self, tunnel, operation, poke, error):
        self.tunnel, self.plan = tunnel, tunnel.plan_of(operation)
        self.operation, self.result = operation, result_of(error)
        self._poke = getattr(tunnel, poke) if poke else lambda: None

    def poke(self):
        self._poke()
        time.sleep(TICK_SECONDS)

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
            self.poke()
        return self.outcome()

    def for_a_while(self, **how):
        self.start(**how)
        end = time.monotonic() + WINDOW_SECONDS
        while time.monotonic() < end:
            self.poke()
        if self.plan.injected() == 0:
            return "never came to it"
        return self.outcome()

    def outcome(self):
        self.plan.stop_all()
        flows = self.tunnel.traffic.flows_within(RECOVERY_SECONDS)
        if self.tunnel.ours.daemon() != self.tunnel.pid:
            self.tunnel.pid = wait_until(self.tunnel.ours.daemon, 10, "another daemon")
            return "ENDS"
        if not flows:
            return "NO TRAFFIC"
        return "lives" if self.answers_within(RECOVERY_SECONDS) else "NO ANSWER"

    def answers_within(self, seconds):
        end = time.monotonic() + seconds
        while not (self.tunnel.answers() and self._poke() in (True, None)):
            if time.monotonic() > end:
                return False
        return True

    def run(self):
        outcomes = (self.once(), self.for_a_while(one_in=3))
        return outcomes[0] if outcomes[0] == outcomes[1] else " / ".join(outcomes)


class Faults(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix=harness.PREFIX)))

    def tunnels(self, io, kind):
        """One after the other would take as long as the cells."""
        made = [kind(self.folder, number, io) for number in range(TUNNELS)]
        for tunnel in made:
            self.addCleanup(tunnel.__exit__)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return list(pool.map(kind.__enter__, made))

    def found(self, tunnels, operations, cells):
        """{(operation, error): result} of all that are in the queue, each in the next tunnel that
        is free."""
        results = {}

        def work(tunnel):
            while True:
                try:
                    cell = cells.get_nowait()
                except queue.Empty:
                    return
                operation, error = cell
                results[cell] = "BROKEN"
                results[cell] = Cell(tunnel, operation, operations[operation].poke, error).run()

        threads = [threading.Thread(target=work, args=[tunnel]) for tunnel in tunnels]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def check_matrix(self, title, io, operations, kind=FaultTunnel):
        columns = [*ERRORS, *SHORT]
        cells = queue.SimpleQueue()
        for operation, about in operations.items():
            for error in columns:
                if about.has_parts or error not in SHORT:
                    cells.put((operation, error))
        tunnels = self.tunnels(io, kind)
        descriptors = [tunnel.descriptors() for tunnel in tunnels]
        results = self.found(tunnels, operations, cells)
        rows = [[about.title, *(results.get((operation, error), "") for error in columns)]
                for operation, about in operations.items()]
        fault_page.check(self, title, fault_page.table(["", *columns], rows))
        for tunnel, before in zip(tunnels, descriptors):
            wait_until(lambda: tunnel.descriptors() == before, 15, "no descriptor is lost")

    def test_a_device_that_is_gone_ends_it(self):
        rows = []
        for number, io in enumerate(("uring", "epoll")):
            with FaultTunnel(self.folder, number, io) as tunnel:
                tunnel.plan.fail(tunnel.pid, "tun_read", result_of("EBADFD"))
                wait_until(lambda: not tunnel.ours.processes(), 10, "no process is left")
                for folder in ("/run/netns", "/run/wgns-user", "/etc/netns"):
                    self.assertNotIn(tunnel.ours.name, entries(folder))
            rows.append(["TUN read", io, "EBADFD", "the instance ends, and leaves nothing"])
        fault_page.check(self, "What ends it",
                         fault_page.table(["operation", "by", "error", "result"], rows))

    def test_a_command_is_not_lost(self):
        for number, io in enumerate(("uring", "epoll")):
            tunnel = self.enterContext(FaultTunnel(self.folder, number, io))
            for error in ERRORS:
                with self.subTest(io=io, error=error):
                    tunnel.plan.fail(tunnel.pid, "mailbox_read", result_of(error), limit=1)
                    self.assertTrue(tunnel.ask_uapi())
                    self.assertEqual(tunnel.plan.injected(), 1)

    def test_what_fails_for_ever_takes_no_processor(self):
        for number, (io, operations) in enumerate((("uring", BY_RING), ("epoll", BY_CALLS))):
            tunnel = self.enterContext(FaultTunnel(self.folder, number, io))
            for operation in {"tun_read", "udp_receive", "mailbox", "wait"} & operations.keys():
                with self.subTest(io=io, operation=operation):
                    cell = Cell(tunnel, operation, operations[operation].poke, "EIO")
                    before = tunnel.processor_seconds()
                    self.assertEqual(cell.for_a_while(one_in=1), "lives")
                    used = tunnel.processor_seconds() - before
                    self.assertLess(used, WINDOW_SECONDS / 4)

    def test_packets_by_uring(self):
        self.check_matrix("Packets, by io_uring", "uring", BY_RING)

    def test_packets_by_epoll(self):
        self.check_matrix("Packets, by epoll", "epoll", BY_CALLS)

    def test_control(self):
        self.check_matrix("Control", "uring", CONTROL)

    def test_publish(self):
        self.check_matrix("Publish", "uring", PUBLISH, ServedTunnel)

    def test_metrics(self):
        self.check_matrix("Metrics", "uring", METRICS, ServedTunnel)

    def test_names(self):
        path = Path("/etc/resolv.conf")
        self.addCleanup(path.write_bytes, path.read_bytes())
        path.write_text("nameserver 127.0.0.1\noptions timeout:1\n")
        self.check_matrix("Names", "uring", NAMES, NamedTunnel)


if __name__ == "__main__":
    harness.main()
