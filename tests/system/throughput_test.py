#!/usr/bin/env python3
"""TCP through the tunnel, half of the time each way: a minute, or WGNS_THROUGHPUT_SECONDS."""

import json
import os

import harness
from harness import entries, inside, process, run, wait_until
from tunnel import PEER_V4, TunnelTest

SECONDS_EACH_WAY = int(os.environ.get("WGNS_THROUGHPUT_SECONDS", "60")) // 2
MEGABITS_MIN = 50  # far below what any machine does; a tunnel that stalls is what it catches


class Throughput(TunnelTest):
    def iperf3(self, *options):
        words = ["iperf3", "-c", PEER_V4, "-J", "-t", SECONDS_EACH_WAY, *options]
        done = run(inside(self.name, *words), timeout=SECONDS_EACH_WAY + 30, check=False)
        report = json.loads(done.stdout)
        self.assertNotIn("error", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        return report

    def check(self, report):
        megabits = report["end"]["sum_received"]["bits_per_second"] / 1e6
        self.assertGreater(megabits, MEGABITS_MIN)
        # A second without a byte is an error that TCP has hidden.
        quiet = [each for each in report["intervals"] if each["sum"]["bytes"] == 0]
        self.assertEqual(quiet, [])

    def test_tcp_both_ways(self):
        self.connect()
        server = inside(self.provider, "iperf3", "-s", "-B", PEER_V4)
        self.enter(process(server, self.folder / "iperf3.log"))
        wait_until(self.is_listening, 10, "iperf3 listens")
        self.check(self.iperf3())
        self.check(self.iperf3("-R"))
        self.assertIn(self.name, entries("/run/netns"))

    def is_listening(self):
        return ":5201" in run(inside(self.provider, "ss", "-Hltn")).stdout


if __name__ == "__main__":
    harness.main()
