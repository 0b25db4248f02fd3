#!/usr/bin/env python3
"""A daemon that strangers flood, as fast as one processor can send: its session goes on, a new peer
gets one, its memory stays, and nobody is answered who should not be."""

import harness
from flooding import FloodedSession
from harness import SystemTest
from peers import Interface

SHARE = 0.7
NEWCOMER_SECONDS = 11
GROWTH_KIB = 8 * 1024
# A twentieth of what the session carries when it has the processor (docs/PERFORMANCE.md).
STEADY = ["-u", "-b", "100M"]
SENT_AT_LEAST = 10_000  # a second


class Flood(SystemTest):
    def setUp(self):
        super().setUp()
        self.session = self.enter(FloodedSession(Interface, self.host, self.provider, self.folder))
        self.quiet, _ = self.session.under(None, 2, STEADY)

    def flood(self, kind, seconds, **how):
        carried, seen = self.session.under(kind, seconds, STEADY, **how)
        print(f"{kind}: {carried:.1f} of {self.quiet:.1f} Mbit/s; {seen}")
        self.assertGreater(seen["sent"], seconds * SENT_AT_LEAST)
        self.assertGreaterEqual(carried, SHARE * self.quiet)
        self.assertLess(seen["grown_kib"], GROWTH_KIB)
        self.assertEqual(seen["answers_but_cookies"], 0)
        return seen

    def test_junk(self):
        for kind in ("random", "index", "tag", "replay"):
            with self.subTest(kind):
                seen = self.flood(kind, 2)
                self.assertEqual(seen["cookies"], 0)
                self.assertLess(seen["newcomer_seconds"], NEWCOMER_SECONDS)

    def test_initiations_without_a_genuine_mac1(self):
        seen = self.flood("garbage", 12)
        self.assertEqual(seen["cookies"], 0)
        self.assertLess(seen["newcomer_seconds"], NEWCOMER_SECONDS)

    def test_initiations_from_ten_thousand_addresses(self):
        self.assertGreater(self.flood("cookies", 2, sources=10_000)["cookies"], 0)

    # Some 20,000 a second leave: the pace is a floor between batches. More than can be answered is
    # lost unseen, whoever's it is; a newcomer's, too.
    def test_a_newcomer_among_initiations_from_ten_thousand_addresses(self):
        seen = self.flood("cookies", 12, sources=10_000, rate=40_000)
        self.assertLess(seen["newcomer_seconds"], NEWCOMER_SECONDS)


if __name__ == "__main__":
    harness.main()
