#!/usr/bin/env python3
"""An endpoint that is a name, asked for again and again on the host's side while its answer
changes."""

import re
import time
from pathlib import Path

import harness
from harness import (
    PROVIDER_V4,
    PROVIDER_V6,
    add_address,
    answers,
    inside,
    ping,
    process,
    remove_address,
    wait_until,
)
from tunnel import OUR_V4, PEER_PORT, PEER_V4, TunnelTest

NAME = "peer.example.org"
NEW_PROVIDER_V4 = "10.77.0.12"
# Nobody is there, and RFC 6724 does not prefer the provider's address to it.
NOBODY_V4 = "10.77.0.3"
AT_V4, AT_V6 = f"{PROVIDER_V4}:{PEER_PORT}", f"[{PROVIDER_V6}]:{PEER_PORT}"
PERIOD = 3
# For the answer's way to the device and to us.
MARGIN = 3
FOLLOW_SECONDS = 40


class Refresh(TunnelTest):
    def setUp(self):
        super().setUp()
        self.replace(Path("/etc/resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1\n")
        self.zone = self.folder / "zone"
        self.answer(PROVIDER_V4)
        self.log = self.folder / "names.log"
        program = Path(__file__).with_name("name_server.py")
        words = ["python3", "-B", program, 53, self.zone]
        self.enter(process(inside(self.host, *words), self.log))
        wait_until(lambda: "ready" in self.log.read_text(), 10, "the name server is ready")

    def replace(self, path, text):
        """Of a copy of /etc that this file's tests share."""
        before = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        path.write_text(text)
        self.addCleanup(path.write_text, before)

    def answer(self, *addresses):
        # By rename: the server never reads half of it.
        new = self.zone.with_suffix(".new")
        new.write_text(" ".join(addresses))
        new.rename(self.zone)

    def questions(self):
        return self.log.read_text().count(f"udp {NAME}")

    def wait_for_questions(self, count):
        """`count` more lookups, each of which asks for both families."""
        end = self.questions() + 2 * count
        wait_until(lambda: self.questions() >= end, 30, f"{count} lookups")

    def connect_by_name(self, seconds=PERIOD, **more):
        self.connect(Endpoint=f"{NAME}:{PEER_PORT}", EndpointRefreshSeconds=seconds, **more)

    def start(self, seconds=PERIOD):
        """The interface is up before the name has an address."""
        self.connect_by_name(seconds)
        self.wait_for(AT_V4, 10)
        ping(self.name, PEER_V4)

    def peer_status(self):
        return self.ours.status()["peers"][0]

    def endpoint(self):
        return self.peer_status()["endpoint"]

    def wait_for(self, endpoint, seconds):
        wait_until(lambda: self.endpoint() == endpoint, seconds, f"the endpoint is {endpoint}")

    def keep_pinging(self, where, address):
        log = self.folder / f"ping-{where}.log"
        words = ["ping", "-n", "-i", "0.2", address]
        self.enter(process(inside(where, *words), log))
        return log

    def test_traffic_moves_within_a_period_and_the_session_lives(self):
        self.start()
        log = self.keep_pinging(self.name, PEER_V4)
        time.sleep(6)  # no two handshakes within 5 s
        first = self.peer_status()["latest_handshake"]
        self.answer(PROVIDER_V6)
        self.wait_for(AT_V6, PERIOD + MARGIN)
        renewed = lambda: self.peer_status()["latest_handshake"] > first  # noqa: E731
        wait_until(renewed, MARGIN, "a handshake at the new address")
        second = self.peer_status()["latest_handshake"]
        remove_address(self.provider, "up0", f"{PROVIDER_V4}/24")
        self.wait_for_questions(2)
        self.assertEqual(self.peer_status()["latest_handshake"], second)
        self.assertEqual(self.endpoint(), AT_V6)
        numbers = [int(each) for each in re.findall(r"icmp_seq=(\d+)", log.read_text())]
        self.assertGreater(len(numbers), 30)
        self.assertLessEqual(numbers[-1] - len(numbers), 2, numbers)

    def test_the_same_answer_changes_nothing(self):
        self.start(1)
        time.sleep(6)
        before = self.peer_status()
        self.answer(PROVIDER_V6, PROVIDER_V4)
        self.wait_for_questions(4)
        after = self.peer_status()
        for key in ("endpoint", "latest_handshake"):
            self.assertEqual(after[key], before[key], key)

    def test_the_next_candidate_is_tried(self):
        self.answer(NOBODY_V4, PROVIDER_V4)
        self.connect_by_name(0)
        self.wait_for(f"{NOBODY_V4}:{PEER_PORT}", MARGIN)
        self.wait_for(AT_V4, FOLLOW_SECONDS)
        wait_until(lambda: answers(self.name, PEER_V4), 10, "the tunnel carries")

    def test_a_roamed_peer_is_not_pulled_back(self):
        self.start()
        self.keep_pinging(self.provider, OUR_V4)
        remove_address(self.provider, "up0", f"{PROVIDER_V4}/24")
        add_address(self.provider, "up0", f"{NEW_PROVIDER_V4}/24")
        roamed = f"{NEW_PROVIDER_V4}:{PEER_PORT}"
        self.wait_for(roamed, FOLLOW_SECONDS)
        for addresses in ([PROVIDER_V4], [NOBODY_V4], [NOBODY_V4, PROVIDER_V6]):
            with self.subTest(addresses=addresses):
                self.answer(*addresses)
                self.wait_for_questions(2)
                self.assertEqual(self.endpoint(), roamed)
        ping(self.name, PEER_V4)

    def test_a_name_that_is_not_there_for_a_while(self):
        self.answer()
        self.connect_by_name(EndpointRefreshRestartSeconds=1)
        self.assertEqual(self.endpoint(), "")
        self.wait_for_questions(2)
        self.answer(PROVIDER_V4)
        self.wait_for(AT_V4, PERIOD + MARGIN)
        ping(self.name, PEER_V4)
        # Nor does it take away what is known.
        self.answer()
        self.wait_for_questions(2)
        self.assertEqual(self.endpoint(), AT_V4)
        ping(self.name, PEER_V4)
        self.answer(PROVIDER_V6)
        self.wait_for(AT_V6, PERIOD + MARGIN)
        ping(self.name, PEER_V4)

    def test_another_network_is_tried_soon(self):
        self.start(3600)
        self.answer(PROVIDER_V6)
        add_address(self.host, "up0", "10.78.0.1/24")
        self.wait_for(AT_V6, 10 + MARGIN)
        ping(self.name, PEER_V4)


if __name__ == "__main__":
    harness.main()
