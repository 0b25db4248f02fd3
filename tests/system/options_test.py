#!/usr/bin/env python3
"""Every option of the reference module (VTimofeenko/wg-namespace-flake, 2022) as a key, and what it
does: one row for each."""

from pathlib import Path

import harness
from harness import entries, inside, ping, process, run, wait_until
from peers import preshared_key, public_key, section, write_private
from tunnel import OUR_ALLOWED, OUR_V4, OUR_V6, PEER_PORT, PEER_V4, TunnelTest

NAME_OF_PEER = "peer.example.org"
REFRESH_SECONDS = 2


class Options(TunnelTest):
    def setUp(self):
        super().setUp()
        key = write_private(self.folder / "private.key", self.ours.private + "\n")
        self.shared = preshared_key()
        self.shared_file = write_private(self.folder / "shared.key", self.shared + "\n")
        self.values = {
            # 1: namespace_name
            "Namespace": f"{harness.PREFIX}n",
            # 2: dns_server
            "DNS": PEER_V4,
            # 3: extraFirewallRules
            "ExtraFirewallRules": "add rule inet my_table my_input tcp dport 8080 accept",
            # 4: ips
            "Address": f"{OUR_V4}/32, {OUR_V6}/128",
            # 5: privateKeyFile
            "PrivateKeyFile": key,
        }
        # Not the key itself.
        self.ours.private = None

    def write(self, towards):
        text = section("Interface", self.values) + section("Peer", towards)
        write_private(self.ours.path, text)

    def up(self, **more):
        # 6: publicKey, 9: allowedIPs, 10: endpoint
        self.configure_peer(PresharedKey=self.shared)
        self.write(self.towards_peer(**more))
        self.ours.call("up", self.ours.path)

    def name_in(self, where, *words):
        return run(inside(where, *words)).stdout

    def test_the_interfaces(self):
        # 7: presharedKey
        self.up(PresharedKey=self.shared)
        ns = self.values["Namespace"]
        self.assertIn(ns, entries("/run/netns"))
        ping(ns, PEER_V4)
        self.assertIn(f"nameserver {PEER_V4}", Path(f"/etc/netns/{ns}/resolv.conf").read_text())
        self.assertIn("hosts: files dns", Path(f"/etc/netns/{ns}/nsswitch.conf").read_text())
        self.assertIn("tcp dport 8080 accept", self.name_in(ns, "nft", "list", "ruleset"))
        addresses = self.name_in(ns, "ip", "-o", "addr", "show", "dev", ns)
        for address in (f"{OUR_V4}/32", f"{OUR_V6}/128"):
            self.assertIn(address, addresses)
        routes = self.name_in(ns, "ip", "route") + self.name_in(ns, "ip", "-6", "route")
        for route in ("10.99.0.0/24", "fd99::/64"):
            self.assertIn(f"{route} dev {ns}", routes)
        peer = self.ours.status()["peers"][0]
        self.assertEqual(peer["public_key"], self.peer.public)
        self.assertIn(f"{harness.PROVIDER_V4}:{PEER_PORT}", str(peer))

    def test_a_preshared_key_in_a_file(self):
        # 8: presharedKeyFile
        self.up(PresharedKeyFile=self.shared_file)
        ping(self.values["Namespace"], PEER_V4)

    def test_without_the_preshared_key_nothing_passes(self):
        self.up()
        self.assertFalse(harness.answers(self.values["Namespace"], PEER_V4))

    def test_an_endpoint_that_is_asked_for_again(self):
        # 11: dynamicEndpointRefreshSeconds
        resolver = Path("/etc/resolv.conf")
        before = resolver.read_text() if resolver.exists() else ""
        resolver.unlink(missing_ok=True)
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:1\n")
        self.addCleanup(resolver.write_text, before)
        log = self.folder / "names.log"
        program = Path(__file__).with_name("name_server.py")
        words = ["python3", "-B", program, 53, harness.PROVIDER_V4]
        self.enter(process(inside(self.host, *words), log))
        wait_until(lambda: "ready" in log.read_text(), 10, "the name server is ready")
        self.up(PresharedKey=self.shared, Endpoint=f"{NAME_OF_PEER}:{PEER_PORT}",
                EndpointRefreshSeconds=REFRESH_SECONDS)
        wait_until(lambda: harness.answers(self.values["Namespace"], PEER_V4), 10, "answers")
        asked = lambda: log.read_text().count(NAME_OF_PEER)  # noqa: E731
        wait_until(lambda: asked() >= 6, 4 * REFRESH_SECONDS, "three lookups of both families")

    def test_a_key_is_made_once(self):
        # nixpkgs: generatePrivateKeyFile
        key = self.folder / "keys" / "private.key"
        self.values.update(PrivateKeyFile="keys/private.key", GeneratePrivateKeyFile="yes")
        self.write(self.towards_peer())
        self.assertEqual(self.ours.call("plan", self.ours.path, check=False).returncode, 2)
        self.assertFalse(key.exists(), "plan changes nothing")
        self.ours.call("up", self.ours.path)
        made = key.read_text()
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(public_key(made)), 44)
        self.assertIn("is up already", self.ours.call("up", self.ours.path).stdout)
        self.assertEqual(key.read_text(), made)

    def test_a_persistent_keepalive(self):
        # 12: persistentKeepalive; nobody else sends anything.
        self.up(PresharedKey=self.shared, PersistentKeepalive=1)
        received = lambda: int(self.peer.of_peer("transfer", self.ours.public)[0])  # noqa: E731
        wait_until(lambda: received() > 0, 10, "a handshake without traffic")
        first = received()
        wait_until(lambda: received() > first + 64, 10, "keepalives")
        self.assertIn(OUR_ALLOWED.split(",")[0], self.peer.wg("show", "allowed-ips"))


if __name__ == "__main__":
    harness.main()
