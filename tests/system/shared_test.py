#!/usr/bin/env python3
"""Several instances: in one namespace, with sockets in another, and what dead ones leave."""

import json
import os
import signal
import time
from pathlib import Path

import harness
from harness import answers, entries, inside, ping, run, wait_until
from peers import (
    Product,
    WireguardGo,
    configuration,
    private_key,
    public_key,
    section,
    write_private,
)
from tunnel import PEER_PORT, PEER_V4, TunnelTest

SECOND_V4, SECOND_PEER_V4 = "10.98.0.1", "10.98.0.2"


class TwoInstances(TunnelTest):
    def setUp(self):
        super().setUp()
        self.configure_peer()
        self.second = self.enter(Product(self.host, f"{harness.PREFIX}d", self.folder))
        self.second_peer = self.enter(WireguardGo(self.provider, f"{harness.PREFIX}q", self.folder))
        about_second = {"PublicKey": self.second.public, "AllowedIPs": f"{SECOND_V4}/32"}
        self.second_peer.configure([f"{SECOND_PEER_V4}/24"], PEER_PORT + 10, about_second)

    def up_second(self, check=True, **more):
        values = {"Address": f"{SECOND_V4}/32", "Namespace": self.name, "InterfaceName": "second0",
                  **more}
        towards = {"PublicKey": self.second_peer.public, "AllowedIPs": "10.98.0.0/24",
                   "Endpoint": f"{harness.PROVIDER_V4}:{PEER_PORT + 10}"}
        self.second.write(values, towards)
        return self.second.call("up", self.second.path, check=check)

    def first_up(self):
        self.ours.up(self.interface(), self.towards_peer())

class Shared(TwoInstances):
    def both_up(self):
        self.first_up()
        done = self.up_second()
        self.assertIn("another instance's", done.stderr)
        ping(self.name, PEER_V4)
        ping(self.name, SECOND_PEER_V4)

    def assert_all_gone(self):
        for folder in ("/run/netns", "/etc/netns"):
            self.assertNotIn(self.name, entries(folder))
        self.assertNotIn(self.name, entries("/run/wgns-user"))

    def test_the_last_one_takes_the_namespace_with_it(self):
        for first, last, address in ((self.ours, self.second, SECOND_PEER_V4),
                                     (self.second, self.ours, PEER_V4)):
            with self.subTest(first.name):
                self.both_up()
                first.down()
                self.assertIn(self.name, entries("/run/netns"))
                ping(self.name, address)
                self.assertIn("my_input", run(inside(self.name, "nft", "list", "ruleset")).stdout)
                last.down()
                self.assert_all_gone()

    def test_check_knows_both(self):
        self.both_up()
        for each in (self.ours, self.second):
            done = each.call("check", each.name, "--json", check=False)
            found = {one["name"]: one["verdict"] for one in json.loads(done.stdout)["findings"]}
            self.assertEqual(found["interfaces"], "ok", done.stdout)
            self.assertEqual(found["firewall"], "ok", done.stdout)
            self.assertEqual(found["routes"], "ok", done.stdout)

    def test_who_is_left_owns_the_firewall(self):
        self.both_up()
        self.ours.down()
        self.up_second(AllowFromTunnel="tcp/8080")
        self.assertIn("8080", run(inside(self.name, "nft", "list", "ruleset")).stdout)
        ping(self.name, SECOND_PEER_V4)

    def test_one_of_them_is_killed_and_comes_again(self):
        self.both_up()
        os.kill(self.supervisor_of(self.name), signal.SIGKILL)
        wait_until(lambda: "wgtc" not in run(inside(self.name, "ip", "link")).stdout, 10,
                   "its interface is gone")
        ping(self.name, SECOND_PEER_V4)
        self.ours.call("up", self.ours.path)
        wait_until(lambda: answers(self.name, PEER_V4), 10, "it carries again")
        ping(self.name, SECOND_PEER_V4)

    def supervisor_of(self, name):
        return int(Path(f"/run/wgns-user/{name}/pid").read_text().split()[0])

    def test_plan_knows_that_it_would_join(self):
        self.first_up()
        self.second.write({"Namespace": self.name, "InterfaceName": "second0", "DNS": PEER_V4,
                           "PostUp": "echo %i"})
        plan = self.second.call("plan", self.second.path).stdout
        self.assertNotIn("in the way", plan)
        self.assertIn("PostUp: echo second0", plan)

    def test_the_same_interface_name_is_refused(self):
        self.first_up()
        done = self.up_second(check=False, InterfaceName=self.name)
        self.assertEqual(done.returncode, 1)
        self.assertIn("InterfaceName", done.stderr)
        self.assertNotIn(self.second.name, entries("/run/wgns-user"))
        ping(self.name, PEER_V4)

    def test_gc_takes_away_what_the_dead_left(self):
        self.both_up()
        self.ours.kill()
        done = self.ours.call("gc")
        self.assertEqual(sorted(done.stdout.split()),
                         sorted([f"{self.name}:", f"{self.second.name}:"] + ["taken", "away"] * 2))
        self.assert_all_gone()
        self.assertEqual(self.ours.call("gc").stdout, "")

    def test_gc_leaves_the_living(self):
        self.first_up()
        self.assertEqual(self.ours.call("gc").stdout, "")
        ping(self.name, PEER_V4)


class Uapi(TunnelTest):
    """wg(8) and instances that `up` made."""

    def wg(self, *words, check=True):
        return run(inside(self.host, "wg", *words), check=check).stdout

    def peers(self):
        return {peer["public_key"] for peer in self.ours.status()["peers"]}

    def test_wg_shows_and_sets(self):
        self.connect()
        ping(self.name, PEER_V4)
        self.assertIn(self.name, self.wg("show", "interfaces").split())
        self.assertIn(self.peer.public, self.wg("show", self.name, "latest-handshakes"))
        other = public_key(private_key())
        self.wg("set", self.name, "peer", other, "allowed-ips", "10.96.0.0/24",
                "persistent-keepalive", 25, "endpoint", "10.77.0.2:9")
        self.assertIn(other, self.peers())
        before = self.wg("showconf", self.name)
        old = wait_until(self.ours.daemon, 5, "a daemon")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.ours.daemon() not in (None, old), 5, "a new daemon")
        wait_until(lambda: answers(self.name, PEER_V4), 15, "the tunnel carries again")
        self.assertEqual(self.wg("showconf", self.name), before)
        # The file says what is to be, whoever else has had a hand in it.
        self.assertIn("is up already", self.ours.call("up", self.ours.path).stdout)
        self.assertIn("peers +0 -1 ~0", self.ours.call("reload", self.name).stdout)
        self.assertEqual(self.peers(), {self.peer.public})
        ping(self.name, PEER_V4)
        self.ours.down()
        self.assertEqual(entries("/run/wireguard"), [f"{self.peer.name}.sock"])

    def test_the_same_interface_name_in_two_namespaces(self):
        self.configure_peer()
        self.ours.up(self.interface(InterfaceName="wg0"), self.towards_peer())
        second = self.enter(Product(self.host, f"{harness.PREFIX}d", self.folder))
        second.up({"Address": "10.98.0.1/32", "InterfaceName": "wg0"})
        both = {"wg0": self.ours.public, second.name: second.public}
        for name, key in both.items():
            self.assertEqual(self.wg("show", name, "public-key").strip(), key)
        second.kill()
        self.assertEqual(self.wg("show", "wg0", "public-key").strip(), self.ours.public)
        second.call("gc")
        self.assertNotIn(f"{second.name}.sock", entries("/run/wireguard"))


class TwoUnderWg(TwoInstances):
    """wg(8) where two instances are up: each is told apart, and changed without the other."""

    def setUp(self):
        super().setUp()
        self.first_up()
        self.up_second(Namespace=self.second.name, InterfaceName=self.second.name)
        ping(self.name, PEER_V4)
        ping(self.second.name, SECOND_PEER_V4)

    def wg(self, *words):
        return run(inside(self.host, "wg", *words)).stdout

    def setting(self, verb, product, text):
        path = write_private(self.folder / f"{verb}.conf", text)
        self.wg(verb, product.name, path)

    def dump(self, product):
        """The lines of `wg show all dump` about one of them, without its name."""
        lines = [line.split("\t") for line in self.wg("show", "all", "dump").splitlines()]
        return [fields for name, *fields in lines if name == product.name]

    def settings(self, product):
        """And the time of the handshake: all of the dump but traffic, and a peer's keepalive."""
        return [fields[:5] for fields in self.dump(product)]

    def test_show_all_dump(self):
        for product, peer, allowed, port in (
            (self.ours, self.peer, "10.99.0.0/24,fd99::/64", PEER_PORT),
            (self.second, self.second_peer, "10.98.0.0/24", PEER_PORT + 10),
        ):
            device, towards = self.dump(product)
            listen_port = str(product.status()["listen_port"])
            self.assertEqual(device, [product.private, product.public, listen_port, "off"])
            endpoint = f"{harness.PROVIDER_V4}:{port}"
            self.assertEqual(towards[:4], [peer.public, "(none)", endpoint, allowed])
            handshake, received, sent, keepalive = towards[4:]
            self.assertAlmostEqual(int(handshake), time.time(), delta=60)
            self.assertGreater(int(received), 0)
            self.assertGreater(int(sent), 0)
            self.assertEqual(keepalive, "off")

    def test_setconf_takes_what_showconf_tells(self):
        shown, untouched = self.wg("showconf", self.name), self.settings(self.second)
        stranger = {"PublicKey": public_key(private_key()), "AllowedIPs": "10.99.0.0/24"}
        own = {"PrivateKey": self.ours.private, "ListenPort": 40006, "FwMark": "0x33"}
        self.setting("setconf", self.ours, configuration(own, stranger))
        device, towards = self.dump(self.ours)
        self.assertEqual(device[2:], ["40006", "0x33"])
        self.assertEqual(towards[0], stranger["PublicKey"])
        self.assertFalse(answers(self.name, PEER_V4))
        self.setting("setconf", self.ours, shown)
        self.assertEqual(self.wg("showconf", self.name), shown)
        ping(self.name, PEER_V4)
        self.assertEqual(self.settings(self.second), untouched)
        ping(self.second.name, SECOND_PEER_V4)

    def test_syncconf_changes_what_differs(self):
        shown, untouched = self.wg("showconf", self.name), self.settings(self.second)
        before = self.settings(self.ours)
        stranger = section("Peer", {"PublicKey": public_key(private_key()),
                                    "AllowedIPs": "10.97.0.0/24", "PersistentKeepalive": 25})
        self.setting("syncconf", self.ours, f"{shown}\n{stranger}")
        self.assertEqual(len(self.ours.status()["peers"]), 2)
        self.setting("syncconf", self.ours, shown)
        self.assertEqual(self.wg("showconf", self.name), shown)
        ping(self.name, PEER_V4)
        self.assertEqual(self.settings(self.ours), before)
        self.assertEqual(self.settings(self.second), untouched)


class SocketNamespace(TunnelTest):
    def test_the_sockets_are_where_it_says(self):
        elsewhere = self.enter(harness.namespace(f"{harness.PREFIX}e"))
        self.ours = self.enter(Product(elsewhere, self.name, self.folder))
        self.configure_peer()
        self.ours.up(self.interface(SocketNamespace=self.host, ListenPort=40004),
                     self.towards_peer())
        ping(self.name, PEER_V4)
        self.assertIn(":40004", run(inside(self.host, "ss", "-lun")).stdout)
        self.assertNotIn(":40004", run(inside(elsewhere, "ss", "-lun")).stdout)
        self.ours.write(self.interface(SocketNamespace=self.host, ListenPort=40005),
                        self.towards_peer())
        self.ours.call("reload", self.name)
        self.assertIn(":40005", run(inside(self.host, "ss", "-lun")).stdout)
        ping(self.name, PEER_V4)

    def test_one_that_is_not_there(self):
        self.ours.write(self.interface(SocketNamespace="nowhere"), self.towards_peer())
        done = self.ours.call("up", self.ours.path, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("SocketNamespace", done.stderr)
        self.assertNotIn(self.name, entries("/run/netns"))


if __name__ == "__main__":
    harness.main()
