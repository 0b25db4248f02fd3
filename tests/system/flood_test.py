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
NEWCOMERS = 12
TRIES, READ_SHARE = 3, 0.97


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

    @staticmethod
    def met(seen):
        return [each for each in seen["newcomers_seconds"] if each < NEWCOMER_SECONDS]

    def assert_all_met(self, seen, count=1):
        self.assertEqual(len(self.met(seen)), count, seen["newcomers_seconds"])

    def test_junk(self):
        for kind in ("random", "index", "tag", "replay"):
            with self.subTest(kind):
                seen = self.flood(kind, 2)
                self.assertEqual(seen["cookies"], 0)
                self.assert_all_met(seen)

    def test_initiations_without_a_genuine_mac1(self):
        seen = self.flood("garbage", 3)
        self.assertEqual(seen["cookies"], 0)
        self.assert_all_met(seen)

    # Each needs a cookie, and its second or third initiation answered. The last of them begins when
    # two seconds are over. Whoever else wants the daemon's processor has datagrams dropped that it
    # would have read: then once more.
    def test_newcomers_among_initiations_from_ten_thousand_addresses(self):
        for _ in range(TRIES):
            seen = self.flood("cookies", 14, sources=10_000, newcomers=NEWCOMERS)
            self.assertGreater(seen["cookies"], 0)
            is_all_read = seen["read"] >= READ_SHARE * seen["sent"]
            if is_all_read or len(self.met(seen)) == NEWCOMERS:
                break
        self.assert_all_met(seen, NEWCOMERS)
        self.assertGreaterEqual(seen["honest_responses"], SHARE * seen["honest_sent"])


if __name__ == "__main__":
    harness.main()
