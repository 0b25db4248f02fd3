#!/usr/bin/env python3
"""The harness itself: two wireguard-go, one in each namespace, reach each other."""

import harness
from harness import HOST_V4, PREFIX, PROVIDER_V4, PROVIDER_V6, SystemTest, ping, wait_until
from peers import WireguardGo


class Harness(SystemTest):
    needs_product = False

    def test_namespaces_reach_each_other(self):
        ping(self.host, PROVIDER_V4)
        ping(self.host, PROVIDER_V6)

    def test_tunnel_between_two_wireguard_go(self):
        near = self.enter(WireguardGo(self.host, f"{PREFIX}n", self.folder))
        far = self.enter(WireguardGo(self.provider, f"{PREFIX}f", self.folder))
        to_far = {"PublicKey": far.public, "AllowedIPs": "10.99.0.2/32, fd99::2/128"}
        to_near = {"PublicKey": near.public, "AllowedIPs": "10.99.0.1/32, fd99::1/128"}
        to_far["Endpoint"] = f"{PROVIDER_V4}:51820"
        near.configure(["10.99.0.1/24", "fd99::1/64"], 51820, to_far)
        far.configure(["10.99.0.2/24", "fd99::2/64"], 51820, to_near)
        ping(self.host, "10.99.0.2")
        ping(self.host, "fd99::2")
        wait_until(lambda: far.has_handshake(near.public), 5, "a handshake is shown")
        self.assertEqual(far.of_peer("endpoints", near.public), [f"{HOST_V4}:51820"])


if __name__ == "__main__":
    harness.main()
