"""The tunnel that most tests use: the product in H, wireguard-go in P.

    ours    10.99.0.1/32, fd99::1/128      peer    10.99.0.2/24, fd99::2/64, port 51820
"""

from harness import HOST_V4, PREFIX, PROVIDER_V4, SystemTest
from peers import Product, WireguardGo

OUR_V4, OUR_V6 = "10.99.0.1", "fd99::1"
PEER_V4, PEER_V6 = "10.99.0.2", "fd99::2"
OUR_ALLOWED = f"{OUR_V4}/32, {OUR_V6}/128"
PEER_PORT, OUR_PORT = 51820, 51821


class TunnelTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.ours = self.enter(Product(self.host, f"{PREFIX}c", self.folder))
        self.peer = self.enter(WireguardGo(self.provider, f"{PREFIX}g", self.folder))

    @property
    def name(self):
        """Of our instance, hence of its namespace and its interface."""
        return self.ours.name

    def interface(self, **more):
        return {"Address": f"{OUR_V4}/32, {OUR_V6}/128", **more}

    def towards_peer(self, **more):
        """Our section about wireguard-go; a value of None leaves the key out."""
        values = {
            "PublicKey": self.peer.public,
            "AllowedIPs": "10.99.0.0/24, fd99::/64",
            "Endpoint": f"{PROVIDER_V4}:{PEER_PORT}",
            **more,
        }
        return {key: value for key, value in values.items() if value is not None}

    def configure_peer(self, **more):
        """Tells wireguard-go about us, with an endpoint only if `more` names one."""
        about_us = {"PublicKey": self.ours.public, "AllowedIPs": OUR_ALLOWED, **more}
        self.peer.configure([f"{PEER_V4}/24", f"{PEER_V6}/64"], PEER_PORT, about_us)

    def connect(self, **more):
        """Both ends up, ours as the initiator over IPv4."""
        self.configure_peer()
        self.ours.up(self.interface(), self.towards_peer(**more))

    def our_endpoint(self):
        return f"{HOST_V4}:{OUR_PORT}"
