#!/usr/bin/env python3
"""`check` holds on an instance as `up` makes it, and fails after each breakage made on purpose."""

import json
from pathlib import Path

import harness
from harness import PREFIX, inside, process, run, wait_until
from tunnel import PEER_V4, TunnelTest

FAILED, NO_SUCH_INSTANCE = 1, 3


class Check(TunnelTest):
    def up(self, **interface):
        self.configure_peer()
        more = {"DNS": PEER_V4, **interface}
        interface = {key: value for key, value in more.items() if value is not None}
        self.ours.up(self.interface(**interface), self.towards_peer(AllowedIPs="0.0.0.0/0, ::/0"))
        harness.ping(self.name, PEER_V4)

    def check(self):
        """The status, and the findings by name."""
        done = self.ours.call("check", self.name, "--json", check=False)
        told = json.loads(done.stdout)
        self.assertEqual(told["holds"], done.returncode == 0)
        return done.returncode, {each["name"]: each for each in told["findings"]}

    def assert_holds(self):
        status, found = self.check()
        self.assertEqual(status, 0, found)
        return found

    def assert_fails(self, *names):
        """Exactly these."""
        status, found = self.check()
        self.assertEqual(status, FAILED)
        bad = {name for name, each in found.items() if each["verdict"] != "ok"}
        self.assertEqual(bad, set(names), found)
        return found

    def ip(self, *words):
        return run(["ip", "-n", self.name, *words])

    def nft(self, *words):
        return run(inside(self.name, "nft", *words))

    def add_link(self, name="eth7"):
        self.ip("link", "add", name, "type", "veth", "peer", "name", f"{name}p")
        self.ip("addr", "add", "192.0.2.1/24", "dev", name)
        self.ip("link", "set", name, "up")
        self.ip("link", "set", f"{name}p", "up")

    def test_a_good_instance_holds(self):
        self.up(AllowFromTunnel="tcp/8080", DNSEnforce="strict")
        found = self.assert_holds()
        self.assertIn(f"by {self.name} (no answer)", found["DNS query"]["found"])
        log = self.folder / "names.log"
        program = Path(__file__).with_name("name_server.py")
        words = ["python3", "-B", program, 53, "198.51.100.7", "2001:db8::7"]
        self.enter(process(inside(self.provider, *words), log))
        wait_until(lambda: "ready" in log.read_text(), 10, "the name server is ready")
        found = self.assert_holds()
        self.assertTrue(found["DNS query"]["found"].endswith(f"by {self.name}"), found)
        self.assertIn("udp", log.read_text(), "a question has really come out of the tunnel")
        text = self.ours.call("check", self.name).stdout
        self.assertIn("through the tunnel or nowhere", text)

    def test_it_needs_no_configuration(self):
        self.up(AllowFromTunnel="tcp/8080")
        self.ours.path.unlink()
        self.assertIn("every rule", self.assert_holds()["firewall"]["found"])

    def test_what_was_asked_for_is_not_known(self):
        self.up(AllowFromTunnel="tcp/8080")
        Path(f"/run/wgns-user/{self.name}/expected").unlink()
        self.assertIn("not known", self.assert_holds()["firewall"]["found"])
        self.nft("flush", "ruleset")
        self.assert_fails("firewall")

    def test_a_second_interface(self):
        self.up()
        self.ip("link", "add", "eth7", "type", "veth", "peer", "name", "eth7p")
        found = self.assert_fails("interfaces")
        self.assertIn("eth7", found["interfaces"]["found"])

    def test_a_default_route_by_another_interface(self):
        self.up()
        self.add_link()
        self.ip("route", "replace", "default", "via", "192.0.2.2", "dev", "eth7", "onlink")
        self.ip("neigh", "replace", "192.0.2.2", "lladdr", "02:00:00:00:00:01", "dev", "eth7")
        found = self.assert_fails("interfaces", "routes", "DNS query")
        self.assertIn("0.0.0.0/0 dev eth7", found["routes"]["found"])
        self.assertIn("by eth7", found["DNS query"]["found"])

    def test_a_flushed_ruleset(self):
        self.up()
        self.nft("flush", "ruleset")
        self.assert_fails("firewall")

    def test_a_rule_that_is_gone(self):
        self.up(AllowFromTunnel="tcp/8080")
        self.nft("flush", "chain", "inet", "my_table", "my_input")
        found = self.assert_fails("firewall")
        self.assertIn("ct state invalid drop", found["firewall"]["found"])

    def test_a_replaced_resolv_conf(self):
        self.up()
        ours = Path(f"/etc/netns/{self.name}/resolv.conf")
        kept = ours.read_text()
        ours.write_text("nameserver 192.0.2.1\n")
        self.assert_fails("resolver")
        ours.write_text(kept)
        self.assert_holds()
        ours.unlink()
        found = self.assert_fails("view", "resolver", "nsswitch", "name services")
        self.assertIn(str(ours), found["view"]["found"])
        ours.write_text(kept)

    def test_an_nsswitch_that_asks_a_daemon(self):
        self.up()
        ours = Path(f"/etc/netns/{self.name}/nsswitch.conf")
        ours.write_text(ours.read_text().replace("files dns", "resolve dns"))
        self.assert_fails("nsswitch")

    def test_without_dns_the_host_is_asked(self):
        Path("/etc/resolv.conf").unlink(missing_ok=True)
        Path("/etc/resolv.conf").write_text("nameserver 192.0.2.1\n")
        self.up(DNS=None)
        self.assert_fails("resolver")

    def test_a_name_server_that_nothing_leads_to(self):
        self.configure_peer()
        self.ours.up(self.interface(DNS="192.0.2.1"), self.towards_peer())
        found = self.assert_fails("DNS query")
        self.assertIn("192.0.2.1", found["DNS query"]["found"])

    def test_no_firewall_is_what_was_wanted(self):
        self.up(Firewall="none")
        self.assert_holds()

    def test_an_instance_that_is_not_up(self):
        done = self.ours.call("check", f"{PREFIX}nobody", check=False)
        self.assertEqual(done.returncode, NO_SUCH_INSTANCE, done.stderr)

    def test_it_leaves_everything_as_it_was(self):
        self.up()
        before = harness.snapshot()
        mounts = Path("/proc/self/mountinfo").read_text()
        self.assert_holds()
        self.assertEqual(harness.snapshot(), before)
        self.assertEqual(Path("/proc/self/mountinfo").read_text(), mounts)


if __name__ == "__main__":
    harness.main()
