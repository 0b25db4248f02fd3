#!/usr/bin/env python3
"""What the networks inside and outside tell each other through the tunnel: congestion (ECN) and
destinations that nobody has (ICMP)."""

import harness
from harness import inside, ping, process, run, wait_until
from tunnel import OUR_V4, PEER_PORT, PEER_V4, TunnelTest

ECT_0, CE = 2, 3
CANNOT_CONNECT = 7  # curl's status; 28 would be a timeout
OF_THE_TUNNEL = f"udp port {PEER_PORT}"


class Signals(TunnelTest):
    def start_capture(self, where, device, expression):
        """Ends by itself with the first packet that matches."""
        words = ["tcpdump", "-n", "-p", "-c", 1, "-i", device, expression]
        log = self.folder / f"tcpdump-{device}.log"
        child = self.enter(process(inside(where, *words), log))
        wait_until(lambda: "listening" in log.read_text(), 10, "tcpdump listens")
        return child

    def assert_seen(self, capture, what):
        wait_until(lambda: capture.poll() is not None, 10, what)
        self.assertEqual(capture.returncode, 0, what)

    def keep_pinging(self, where, address, ecn):
        command = inside(where, "ping", "-n", "-i", "0.2", "-Q", ecn, address)
        self.enter(process(command, self.folder / f"ping-{where}.log"))

    def test_the_outer_packet_says_that_the_inner_one_understands(self):
        self.connect()
        ping(self.name, PEER_V4)
        seen = self.start_capture(self.host, "up0", f"{OF_THE_TUNNEL} and ip[1] = {ECT_0}")
        self.keep_pinging(self.name, PEER_V4, ECT_0)
        self.assert_seen(seen, "an outer packet with ECT(0)")

    def test_congestion_of_the_outer_network_is_heard_inside(self):
        self.connect()
        ping(self.name, PEER_V4)
        for words in (
            ["add", "table", "ip", "congested"],
            ["add", "chain", "ip", "congested", "out",
             "{ type filter hook postrouting priority 0; }"],
            ["add", "rule", "ip", "congested", "out",
             "udp", "sport", PEER_PORT, "ip", "ecn", "set", "ce"],
        ):
            run(inside(self.provider, "nft", *words))
        seen = self.start_capture(self.name, self.name, f"icmp and ip[1] = {CE}")
        self.keep_pinging(self.provider, OUR_V4, ECT_0)
        self.assert_seen(seen, "an inner packet with CE")

    def test_who_has_no_endpoint_is_unreachable_at_once(self):
        self.ours.up(self.interface(), self.towards_peer(Endpoint=None))
        for address in (PEER_V4, "fd99::2"):
            words = ["ping", "-n", "-c", 1, "-W", 5, address]
            done = run(inside(self.name, *words), check=False)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("nreachable", done.stdout)

    def test_a_connection_to_nobody_fails_at_once(self):
        self.connect()
        run(["ip", "-n", self.name, "route", "add", "192.0.2.0/24", "dev", self.name])
        words = ["curl", "-sS", "--connect-timeout", 10, "http://192.0.2.7/"]
        done = run(inside(self.name, *words), check=False)
        self.assertEqual(done.returncode, CANNOT_CONNECT, done.stderr)


if __name__ == "__main__":
    harness.main()
