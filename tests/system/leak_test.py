#!/usr/bin/env python3
"""A program inside sends all the time, wherever a packet may go, while everything happens to its
instance: none of it is seen outside as it is."""

import os
import signal
import sys
import time
from pathlib import Path

import harness
from harness import (
    HOST_V4,
    PROVIDER_V4,
    add_address,
    answers,
    entries,
    inside,
    ping,
    process,
    remove_address,
    run,
    wait_until,
)
from tunnel import PEER_PORT, PEER_V4, TunnelTest

MARK = "in-the-clear"
FOLDER = Path(__file__).parent
# Through the tunnel, to the outer network's own addresses, and to nobody.
TARGETS = [PEER_V4, "fd99::2", PROVIDER_V4, HOST_V4, "198.51.100.7", "2001:db8::7"]
NEW_HOST_V4 = "10.77.0.11"
SECONDS_AFTER = 1.5
FOLLOW_SECONDS = 40


class Leak(TunnelTest):
    def setUp(self):
        super().setUp()
        self.seen = self.folder / "seen"
        words = [sys.executable, "-B", FOLDER / "capture.py", MARK, self.seen]
        self.enter(process(inside(self.host, *words), self.folder / "capture.log"))
        wait_until(self.seen.exists, 10, "the capture runs")
        self.configure_peer()

    def up(self, **more):
        self.ours.up(self.interface(**more), self.everywhere())
        ping(self.name, PEER_V4)
        self.start_sender()

    def everywhere(self, **more):
        return self.towards_peer(AllowedIPs="0.0.0.0/0, ::/0", **more)

    def start_sender(self):
        words = [sys.executable, "-B", FOLDER / "send_marked.py", MARK, 60, *TARGETS]
        self.sender = self.enter(
            process(inside(self.name, *words), self.folder / "sender.log"))

    def counts(self):
        # It may be read between truncation and text.
        words = wait_until(lambda: self.seen.read_text().split(), 5, "counts")
        return int(words[0]), int(words[1])

    def assert_no_leak(self):
        """For a while from now on, too: the program inside does not stop."""
        self.assertIsNone(self.sender.poll(), "the sender has ended")
        time.sleep(SECONDS_AFTER)  # a span in which nothing may be seen, not a wait for a state
        packets, marked = self.counts()
        self.assertEqual(marked, 0)
        return packets

    def test_the_capture_sees_what_is_sent_in_the_clear(self):
        words = [sys.executable, "-B", FOLDER / "send_marked.py", MARK, 1, PROVIDER_V4]
        run(inside(self.host, *words))
        wait_until(lambda: self.counts()[1] > 20, 5, "datagrams in the clear")

    def test_the_daemon_is_killed(self):
        self.up()
        old = wait_until(self.ours.daemon, 5, "a daemon")
        before = self.assert_no_leak()
        self.assertGreater(before, 100, "nothing was sent at all")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: answers(self.name, PEER_V4), 15, "the tunnel carries again")
        self.assert_no_leak()

    def test_the_supervisor_is_killed(self):
        self.up()
        os.kill(self.ours.supervisor(), signal.SIGKILL)
        wait_until(lambda: not self.ours.processes(), 10, "the daemon ends too")
        links = run(inside(self.name, "ip", "-o", "link")).stdout
        self.assertNotIn(f"{self.name}:", links)
        self.assert_no_leak()

    def test_down(self):
        self.up()
        self.ours.down()
        self.assertNotIn(self.name, entries("/run/netns"))
        self.assert_no_leak()

    def test_roaming(self):
        self.up()
        remove_address(self.host, "up0", f"{HOST_V4}/24")
        self.assert_no_leak()
        add_address(self.host, "up0", f"{NEW_HOST_V4}/24")
        wait_until(lambda: answers(self.name, PEER_V4), FOLLOW_SECONDS, "it carries again")
        self.assert_no_leak()

    def test_reload(self):
        self.up(DNS=PEER_V4, DNSEnforce="redirect")
        table = [{"DNS": "10.99.0.7"}, {"MTU": 1300}, {"Address": "10.99.0.1/32"},
                 {"Firewall": "none"}, {"ListenPort": 40006}, {}]
        for number, more in enumerate(table, 1):
            with self.subTest(number):
                self.ours.write(self.interface(**more), self.everywhere())
                self.ours.call("reload", self.name)
                self.assertEqual(self.counts()[1], 0)
        ping(self.name, PEER_V4)
        self.assert_no_leak()

    def test_an_endpoint_moves(self):
        resolver = Path("/etc/resolv.conf")
        before = resolver.read_text() if resolver.exists() else ""
        resolver.unlink(missing_ok=True)
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:1\n")
        self.addCleanup(resolver.write_text, before)
        zone = self.folder / "zone"
        zone.write_text(PROVIDER_V4)
        log = self.folder / "names.log"
        words = ["python3", "-B", FOLDER / "name_server.py", 53, zone]
        self.enter(process(inside(self.host, *words), log))
        wait_until(lambda: "ready" in log.read_text(), 10, "the name server is ready")
        by_name = {"Endpoint": f"peer.example.org:{PEER_PORT}", "EndpointRefreshSeconds": 2}
        self.ours.up(self.interface(), self.everywhere(**by_name))
        wait_until(lambda: answers(self.name, PEER_V4), 20, "the tunnel carries")
        self.start_sender()
        add_address(self.provider, "up0", "10.77.0.12/24")
        (self.folder / "zone.new").write_text("10.77.0.12")
        (self.folder / "zone.new").rename(zone)
        moved = lambda: "10.77.0.12" in str(self.ours.status()["peers"])  # noqa: E731
        wait_until(moved, 10, "the endpoint is the new one")
        self.assert_no_leak()


if __name__ == "__main__":
    harness.main()
