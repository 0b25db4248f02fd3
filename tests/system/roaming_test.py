#!/usr/bin/env python3
"""The outer address of one end changes under traffic, and the other end follows."""

import harness
from harness import (
    HOST_V4,
    HOST_V6,
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

NEW_HOST_V4, NEW_PROVIDER_V4 = "10.77.0.11", "10.77.0.12"
NEW_HOST_V6, NEW_PROVIDER_V6 = "fd77::11", "fd77::12"
# wireguard-go notices that its source address is gone only when it makes a new handshake (15 s).
FOLLOW_SECONDS = 40


class Roaming(TunnelTest):
    def move(self, where, old, new):
        # In this order: the kernel removes a secondary address together with the first one.
        bits = 64 if ":" in new else 24
        remove_address(where, "up0", f"{old}/{bits}")
        add_address(where, "up0", f"{new}/{bits}")

    def peer_endpoint(self):
        """Where wireguard-go believes us to be."""
        return self.peer.of_peer("endpoints", self.ours.public)[0].rpartition(":")[0]

    def wait_for_peer_to_follow(self, address=NEW_HOST_V4):
        follows = lambda: self.peer_endpoint() == address  # noqa: E731
        wait_until(follows, FOLLOW_SECONDS, "wireguard-go sends to our new address")

    def wait_for_answers(self):
        through = lambda: answers(self.name, PEER_V4)  # noqa: E731
        wait_until(through, FOLLOW_SECONDS, "the tunnel carries again")

    def keep_pinging(self, where, address):
        command = inside(where, "ping", "-n", "-i", "0.2", address)
        self.enter(process(command, self.folder / f"ping-{where}.log"))

    def start(self):
        self.connect()
        ping(self.name, PEER_V4)
        self.assertEqual(self.peer_endpoint(), HOST_V4)

    def test_peer_follows_us(self):
        self.start()
        self.keep_pinging(self.name, PEER_V4)
        self.move(self.host, HOST_V4, NEW_HOST_V4)
        self.wait_for_peer_to_follow()
        ping(self.name, PEER_V4)

    def test_we_follow_the_peer(self):
        self.start()
        self.keep_pinging(self.provider, OUR_V4)
        self.move(self.provider, PROVIDER_V4, NEW_PROVIDER_V4)
        where = f"{NEW_PROVIDER_V4}:{PEER_PORT}"
        shown = lambda: where in self.ours.call("status", self.name).stdout  # noqa: E731
        wait_until(shown, FOLLOW_SECONDS, "status shows the peer's new address")
        self.wait_for_answers()

    def test_both_move_in_turn_over_ipv6(self):
        self.connect(Endpoint=f"[{PROVIDER_V6}]:{PEER_PORT}")
        ping(self.name, PEER_V4)
        self.keep_pinging(self.name, PEER_V4)
        self.keep_pinging(self.provider, OUR_V4)
        self.move(self.host, HOST_V6, NEW_HOST_V6)
        self.wait_for_peer_to_follow(f"[{NEW_HOST_V6}]")
        self.move(self.provider, PROVIDER_V6, NEW_PROVIDER_V6)
        where = f"[{NEW_PROVIDER_V6}]:{PEER_PORT}"
        shown = lambda: where in self.ours.call("status", self.name).stdout  # noqa: E731
        wait_until(shown, FOLLOW_SECONDS, "status shows the peer's new address")
        self.wait_for_answers()

    def test_both_move_in_turn(self):
        self.start()
        self.keep_pinging(self.name, PEER_V4)
        self.keep_pinging(self.provider, OUR_V4)
        self.move(self.host, HOST_V4, NEW_HOST_V4)
        self.wait_for_peer_to_follow()
        self.move(self.provider, PROVIDER_V4, NEW_PROVIDER_V4)
        self.wait_for_answers()


if __name__ == "__main__":
    harness.main()
