#!/usr/bin/env python3
"""The product and wireguard-go understand each other."""

import harness
from harness import (
    HOST_V6,
    PREFIX,
    PROVIDER_V4,
    PROVIDER_V6,
    answers,
    inside,
    ping,
    run,
    wait_until,
)
from peers import WireguardGo, preshared_key, public_key
from tunnel import OUR_PORT, OUR_V4, OUR_V6, PEER_PORT, PEER_V4, PEER_V6, TunnelTest

# What a datagram holds (65,507 bytes) without our 32, rounded down to padding's 16.
LARGEST = 65_472


class Interop(TunnelTest):
    def ping_both_families(self):
        ping(self.name, PEER_V4)
        ping(self.name, PEER_V6)

    def test_initiator_over_ipv4(self):
        self.connect()
        self.ping_both_families()
        self.assertTrue(self.peer.has_handshake(self.ours.public))

    def test_initiator_over_ipv6(self):
        self.connect(Endpoint=f"[{PROVIDER_V6}]:{PEER_PORT}")
        self.ping_both_families()
        endpoint = self.peer.of_peer("endpoints", self.ours.public)[0]
        self.assertTrue(endpoint.startswith(f"[{HOST_V6}]:"), endpoint)

    def test_responder_over_ipv4(self):
        self.configure_peer(Endpoint=self.our_endpoint())
        self.ours.up(self.interface(ListenPort=OUR_PORT), self.towards_peer(Endpoint=None))
        ping(self.provider, OUR_V4)
        ping(self.provider, OUR_V6)

    def test_responder_over_ipv6(self):
        self.configure_peer(Endpoint=f"[{HOST_V6}]:{OUR_PORT}")
        self.ours.up(self.interface(ListenPort=OUR_PORT), self.towards_peer(Endpoint=None))
        ping(self.provider, OUR_V4)
        ping(self.provider, OUR_V6)

    def test_responder_answers_back_as_sender(self):
        self.configure_peer(Endpoint=self.our_endpoint())
        self.ours.up(self.interface(ListenPort=OUR_PORT), self.towards_peer(Endpoint=None))
        ping(self.provider, OUR_V4)
        self.ping_both_families()

    def test_preshared_key(self):
        psk = preshared_key()
        self.configure_peer(PresharedKey=psk)
        self.ours.up(self.interface(), self.towards_peer(PresharedKey=psk))
        self.ping_both_families()

    def test_wrong_preshared_key_gives_no_tunnel(self):
        self.configure_peer(PresharedKey=preshared_key())
        self.ours.up(self.interface(), self.towards_peer(PresharedKey=preshared_key()))
        self.assertFalse(answers(self.name, PEER_V4))
        self.assertFalse(self.peer.has_handshake(self.ours.public))

    def test_keepalive_alone_makes_the_handshake(self):
        self.connect(PersistentKeepalive=1)
        wait_until(lambda: self.peer.has_handshake(self.ours.public), 10, "a handshake")
        before = self.received()
        wait_until(lambda: self.received() >= before + 64, 10, "two more keepalives")

    def received(self):
        """Bytes that wireguard-go received from us; a keepalive is 32."""
        return int(self.peer.of_peer("transfer", self.ours.public)[0])

    def test_without_ipv6_outside(self):
        setting = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
        run(inside(self.host, "sh", "-c", f"echo 1 > {setting}"))
        self.connect()
        self.ping_both_families()

    def test_packets_that_the_outer_network_must_cut(self):
        self.configure_peer()
        self.ours.up(self.interface(MTU=LARGEST), self.towards_peer())
        run(["ip", "-n", self.provider, "link", "set", self.peer.name, "mtu", LARGEST])
        headers = 28
        for size in (9000, LARGEST):
            with self.subTest(size):
                command = ["ping", "-n", "-c", 3, "-i", "0.2", "-s", size - headers, PEER_V4]
                run(inside(self.name, *command))

    def test_two_peers(self):
        second = self.enter(WireguardGo(self.provider, f"{PREFIX}s", self.folder))
        about_us = {"PublicKey": self.ours.public, "AllowedIPs": f"{OUR_V4}/32"}
        self.peer.configure(["10.99.0.2/32"], PEER_PORT, about_us)
        second.configure(["10.99.1.2/32"], PEER_PORT + 2, about_us)
        to_first = self.towards_peer(AllowedIPs="10.99.0.0/24")
        to_second = {
            "PublicKey": second.public,
            "AllowedIPs": "10.99.1.0/24",
            "Endpoint": f"{PROVIDER_V4}:{PEER_PORT + 2}",
        }
        self.ours.up({"Address": f"{OUR_V4}/32"}, to_first, to_second)
        self.route_back_by(self.peer, "10.99.0.2")
        self.route_back_by(second, "10.99.1.2")
        ping(self.name, "10.99.0.2")
        ping(self.name, "10.99.1.2")
        for each in (self.peer, second):
            self.assertTrue(each.has_handshake(self.ours.public))

    def route_back_by(self, peer, source):
        """Two interfaces lead to one address: what answers from `source` takes its own."""
        table = str(1000 + len(run(["ip", "-n", self.provider, "rule"]).stdout.splitlines()))
        run(["ip", "-n", self.provider, "rule", "add", "from", source, "lookup", table])
        route = ["route", "add", OUR_V4, "dev", peer.name, "table", table]
        run(["ip", "-n", self.provider, *route])


class Keys(TunnelTest):
    def test_keys_are_as_wg_has_them(self):
        private = self.ours.call("genkey").stdout.strip()
        public = self.ours.call("pubkey", text_in=f"{private}\n").stdout.strip()
        self.assertEqual(public, public_key(private))
        self.assertEqual(len(self.ours.call("genpsk").stdout.strip()), 44)


if __name__ == "__main__":
    harness.main()
