#!/usr/bin/env python3
"""What changes around a running tunnel while it carries traffic both ways: links, addresses,
routes, MTU, the namespace it was born in. It goes on within two seconds, or ends cleanly."""

import os
import tempfile
import unittest
from pathlib import Path

import harness
from fault_tunnel import RECOVERY_SECONDS, FaultTunnel
from harness import HOST_V4, PROVIDER_V4, add_address, entries, remove_address, run, wait_until


class Changes(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix=harness.PREFIX)))
        self.tunnel = self.enterContext(FaultTunnel(folder, 0, "auto"))
        self.ours = self.tunnel.ours
        self.host, self.provider = self.ours.where, self.tunnel.theirs.where

    def assert_flows(self):
        self.assertTrue(self.tunnel.traffic.flows_within(RECOVERY_SECONDS))
        self.assertEqual(self.ours.daemon(), self.tunnel.pid)

    def test_the_outer_link_goes_down_and_up(self):
        run(["ip", "-n", self.host, "link", "set", "up0", "down"])
        self.assertFalse(self.tunnel.traffic.flows_within(0.5))
        run(["ip", "-n", self.host, "link", "set", "up0", "up"])
        self.assert_flows()

    def test_its_own_link_goes_down_and_up(self):
        self.tunnel.bounce_link()
        self.assert_flows()

    def test_the_outer_address_is_gone_and_another_there(self):
        remove_address(self.host, "up0", f"{HOST_V4}/24")
        self.assertFalse(self.tunnel.traffic.flows_within(0.5))
        add_address(self.host, "up0", "10.77.0.11/24")
        self.assert_flows()

    def test_the_route_moves_to_another_link(self):
        run(["ip", "-n", self.host, "link", "add", "up1", "type", "veth",
             "peer", "name", "up1", "netns", self.provider])
        for where, address in ((self.host, "10.78.0.1"), (self.provider, "10.78.0.2")):
            add_address(where, "up1", f"{address}/24")
            run(["ip", "-n", where, "link", "set", "up1", "up"])
        run(["ip", "-n", self.host, "route", "add", PROVIDER_V4, "via", "10.78.0.2"])
        run(["ip", "-n", self.host, "link", "set", "up0", "down"])
        self.assert_flows()

    def test_the_mtu_changes(self):
        for mtu in (576, 9000, 1280):
            with self.subTest(mtu):
                run(["ip", "-n", self.ours.name, "link", "set", self.ours.name, "mtu", mtu])
                self.assert_flows()

    def test_a_deleted_device_ends_it_and_leaves_nothing(self):
        run(["ip", "-n", self.ours.name, "link", "del", self.ours.name])
        wait_until(lambda: not self.ours.processes(), 10, "no process is left")
        for folder in ("/run/netns", "/run/wgns-user", "/etc/netns"):
            self.assertNotIn(self.ours.name, entries(folder))

    def test_the_name_of_the_namespace_it_was_born_in_is_gone(self):
        run(["ip", "netns", "del", self.host])
        self.assert_flows()
        # For the commands that clean up.
        run(["ip", "netns", "add", self.host])


if __name__ == "__main__":
    harness.main()
