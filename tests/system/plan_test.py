#!/usr/bin/env python3
"""`plan` says what `up` then makes, and makes nothing itself."""

import harness
from harness import run, snapshot
from tunnel import PEER_V4, TunnelTest

USAGE = 2


class Plan(TunnelTest):
    def plan(self, check=True):
        return self.ours.call("plan", self.ours.path, check=check)

    def write(self, **interface):
        self.ours.write(self.interface(DNS=PEER_V4, **interface), self.towards_peer())

    def test_it_changes_nothing_and_tells_no_key(self):
        self.write()
        before = snapshot()
        done = self.plan()
        self.assertEqual(snapshot(), before)
        self.assertTrue(done.stdout.startswith(f"{self.name} is not up\n"), done.stdout)
        self.assertNotIn(self.ours.private, done.stdout + done.stderr)

    def test_up_makes_what_it_says(self):
        self.write()
        told = self.plan().stdout
        self.configure_peer()
        self.ours.call("up", self.ours.path)
        routes = run(["ip", "-n", self.name, "route", "show", "proto", "static"]).stdout
        self.assertTrue(routes)
        for line in routes.splitlines():
            self.assertIn(f"{line.split()[0]} dev {self.name}", told)
        link = run(["ip", "-n", self.name, "-o", "link", "show", self.name]).stdout
        mtu = link.split(" mtu ")[1].split()[0]
        self.assertIn(f"{self.name} mtu {mtu}\n", told)
        self.assertIn(f"nameserver {PEER_V4}\n", told)
        self.assertIn(f"/run/netns/{self.name}\n", told)

    def test_it_says_whether_the_instance_is_up(self):
        self.configure_peer()
        self.ours.up(self.interface(DNS=PEER_V4), self.towards_peer())
        self.assertIn(f"{self.name} is up with this configuration", self.plan().stdout)
        self.write(MTU=1300)
        self.assertIn(f"{self.name} is up with another configuration", self.plan().stdout)
        self.ours.down()
        self.assertIn(f"{self.name} is not up", self.plan().stdout)

    def test_what_is_in_the_way_is_named(self):
        self.enter(harness.namespace(self.name))
        self.write()
        self.assertIn(f"in the way: /run/netns/{self.name}", self.plan().stdout)

    def test_a_bad_configuration_is_bad_here_too(self):
        self.write(MTU="many")
        done = self.plan(check=False)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("MTU", done.stderr)


if __name__ == "__main__":
    harness.main()
