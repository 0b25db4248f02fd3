#!/usr/bin/env python3
"""`reload`, and `up` of an instance that is up: what differs changes, and nothing else does."""

import os
import re
import signal

import harness
from harness import answers, inside, ping, process, run, wait_until
from peers import private_key, public_key
from tunnel import OUR_V4, PEER_V4, TunnelTest

USAGE, NO_SUCH_INSTANCE = 2, 3


class Reload(TunnelTest):
    def setUp(self):
        super().setUp()
        self.configure_peer()

    def up(self, **more):
        self.ours.up(self.interface(**more), self.towards_peer())
        ping(self.name, PEER_V4)

    def reload(self, *peers, check=True, **more):
        self.ours.write(self.interface(**more), *(peers or (self.towards_peer(),)))
        return self.ours.call("reload", self.name, check=check)

    def other_peer(self, **more):
        return {"PublicKey": public_key(private_key()), "AllowedIPs": "10.98.0.0/24", **more}

    def inside(self, *words, check=True):
        return run(inside(self.name, *words), check=check).stdout

    def peers(self):
        return {peer["public_key"]: peer for peer in self.ours.status()["peers"]}

    def handshake(self):
        return self.peer.of_peer("latest-handshakes", self.ours.public)

    def test_a_stream_goes_on_while_a_peer_and_a_rule_come(self):
        self.up()
        before = self.handshake()
        server = inside(self.provider, "iperf3", "-s", "-1")
        client = inside(self.name, "iperf3", "-c", PEER_V4, "-t", "6", "-i", "1", "--forceflush")
        with process(server, self.folder / "server.log"):
            listening = lambda: ":5201" in run(  # noqa: E731
                inside(self.provider, "ss", "-ltn")).stdout
            wait_until(listening, 10, "the server listens")
            log = self.folder / "client.log"
            with process(client, log) as child:
                wait_until(lambda: "Gbits/sec" in log.read_text() or
                           "Mbits/sec" in log.read_text(), 10, "the stream runs")
                other = self.other_peer(Name="other")
                rule = "add rule inet my_table my_input tcp dport 8080 accept"
                done = self.reload(self.towards_peer(), other, ExtraFirewallRules=rule)
                self.assertIn("peers +1 -0 ~0", done.stdout)
                self.assertEqual(child.wait(timeout=30), 0, log.read_text())
        seconds = re.findall(r"([0-9.]+) [MG]bits/sec +[0-9]+ +[0-9.]+ [KM]Bytes", log.read_text())
        self.assertEqual(len([each for each in seconds if float(each) > 0]), 6, log.read_text())
        self.assertEqual(self.handshake(), before, "the old peer made a handshake")
        self.assertIn("dport 8080", self.inside("nft", "list", "ruleset"))
        self.assertIn(other["PublicKey"], self.peers())
        self.assertIn("10.98.0.0/24", self.inside("ip", "route"))

    def test_everything_of_the_network_changes(self):
        self.up(DNS="10.99.0.2")
        before = self.handshake()
        done = self.reload(Address=f"{OUR_V4}/32, 10.97.0.1/24", MTU=1300, DNS="10.99.0.7, corp",
                           AllowFromTunnel="tcp/8080", DNSEnforce="redirect")
        addresses = self.inside("ip", "-o", "addr", "show", "dev", self.name)
        self.assertIn("10.97.0.1/24", addresses)
        self.assertNotIn("fd99::1", addresses)
        self.assertIn("mtu 1300", self.inside("ip", "link", "show", self.name))
        resolver = self.ours.call("exec", self.name, "--", "cat", "/etc/resolv.conf").stdout
        self.assertIn("nameserver 10.99.0.7\nsearch corp", resolver)
        self.assertNotIn("10.99.0.2", resolver)
        rules = self.inside("nft", "list", "ruleset")
        self.assertIn("dport 8080 accept", rules)
        self.assertIn("dnat ip to 10.99.0.7", rules)
        for step in ("firewall", "files", "addresses", "links"):
            self.assertIn(step, done.stdout)
        ping(self.name, PEER_V4)
        self.assertEqual(self.handshake(), before)
        self.reload()
        self.assertIn("fd99::1", self.inside("ip", "-o", "addr", "show", "dev", self.name))
        self.assertNotIn("8080", self.inside("nft", "list", "ruleset"))
        ping(self.name, "fd99::2")

    def test_a_program_that_runs_sees_the_new_name_server(self):
        self.up(DNS="10.99.0.2")
        words = ["exec", self.name, "--", "sh", "-c",
                 "until grep -q 10.99.0.7 /etc/resolv.conf; do sleep 0.1; done"]
        command = inside(self.host, harness.product_binary(), *words)
        with process(command, self.folder / "exec.log") as child:
            wait_until(lambda: self.inside_of(child.pid), 10, "the command is inside")
            self.reload(DNS="10.99.0.7")
            self.assertEqual(child.wait(timeout=10), 0)

    def inside_of(self, pid):
        return os.path.exists(f"/proc/{pid}/root/etc/resolv.conf") and os.readlink(
            f"/proc/{pid}/exe").endswith("sh")

    def test_up_again_is_a_reload(self):
        self.up()
        same = self.ours.call("up", self.ours.path)
        self.assertIn("is up already", same.stdout)
        self.ours.write(self.interface(), self.towards_peer(), self.other_peer())
        plan = self.ours.call("plan", self.ours.path).stdout
        self.assertIn("would bring the difference in", plan)
        self.assertRegex(plan, r"\+ routes +10\.98\.0\.0/24")
        changed = self.ours.call("up", self.ours.path)
        self.assertIn("peers +1 -0 ~0", changed.stdout)
        self.assertIn("is up already", self.ours.call("up", self.ours.path).stdout)

    def test_a_peer_goes_and_a_port_changes(self):
        other = self.other_peer()
        self.ours.up(self.interface(ListenPort=40001), self.towards_peer(), other)
        ping(self.name, PEER_V4)
        self.assertEqual(self.ours.status()["listen_port"], 40001)
        done = self.reload(ListenPort=40002)
        self.assertIn("peers +0 -1 ~0", done.stdout)
        self.assertNotIn(other["PublicKey"], self.peers())
        self.assertEqual(self.ours.status()["listen_port"], 40002)
        ping(self.name, PEER_V4)
        self.assertIn("10.77.0.1:40002", self.peer.of_peer("endpoints", self.ours.public))

    def test_a_new_daemon_starts_with_what_was_brought_in(self):
        self.up()
        other = self.other_peer()
        self.reload(self.towards_peer(), other, ListenPort=40003)
        old = wait_until(self.ours.daemon, 5, "a daemon")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.ours.daemon() not in (None, old), 5, "a new daemon")
        wait_until(lambda: answers(self.name, PEER_V4), 15, "the tunnel carries again")
        self.assertIn(other["PublicKey"], self.peers())
        self.assertEqual(self.ours.status()["listen_port"], 40003)

    def test_a_wrong_rule_changes_nothing(self):
        self.up(ExtraFirewallRules="add rule inet my_table my_input tcp dport 81 accept")
        rules = self.inside("nft", "list", "ruleset")
        done = self.reload(ExtraFirewallRules="add rule inet my_table my_input tcp dport x y",
                           Address="10.97.0.1/24", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ExtraFirewallRules:1", done.stderr)
        self.assertEqual(self.inside("nft", "list", "ruleset"), rules)
        self.assertNotIn("10.97.0.1", self.inside("ip", "addr"))
        ping(self.name, PEER_V4)
        self.assertEqual(self.reload().returncode, 0)

    def test_what_cannot_change_says_so(self):
        self.up()
        table = [("Namespace", "elsewhere"), ("InterfaceName", "other0"),
                 ("SocketNamespace", self.provider)]
        for key, value in table:
            with self.subTest(key):
                more = {"InterfaceName": self.name, key: value}
                done = self.reload(check=False, **more)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, rf"{self.name}: {key}: cannot change while")
        ping(self.name, PEER_V4)

    def test_another_file_may_be_brought_in(self):
        self.up()
        other = self.folder / "another.conf"
        self.ours.write(self.interface(MTU=1290), self.towards_peer())
        self.ours.path.rename(other)
        self.ours.call("reload", self.name, other)
        self.assertIn("mtu 1290", self.inside("ip", "link", "show", self.name))
        self.assertEqual(self.ours.call("reload", self.name).returncode, 0)

    def test_wrong_input(self):
        self.assertEqual(self.ours.call("reload", "nobody", check=False).returncode,
                         NO_SUCH_INSTANCE)
        self.up()
        done = self.reload(Adress="10.0.0.1", check=False)
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.ours.path.unlink()
        done = self.ours.call("reload", self.name, check=False)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("cannot be read", done.stderr)


if __name__ == "__main__":
    harness.main()
