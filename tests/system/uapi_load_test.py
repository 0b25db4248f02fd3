#!/usr/bin/env python3
"""UAPI under load: many networks, many peers, many clients, slow ones among them."""

import contextlib
import resource
import socket
import time

import harness
from harness import PREFIX, SystemTest, inside, run
from peers import Interface, configuration, private_key, public_key, write_private

NETWORKS, SECONDS = 130_560, 2
PEERS, NETWORKS_EACH = 40, 52
IDLE_CLIENTS = 1000


class Load(SystemTest):
    def setUp(self):
        super().setUp()
        self.ours = self.enter(Interface(self.host, f"{PREFIX}c", self.folder))
        self.socket = f"/run/wireguard/{self.ours.name}.sock"

    def connect(self):
        client = self.enter(socket.socket(socket.AF_UNIX))
        client.settimeout(10)
        client.connect(self.socket)
        return client

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(self.socket)
            client.sendall(request)
            answer = b""
            while not answer.endswith(b"\n\n"):
                piece = client.recv(1 << 20)
                self.assertTrue(piece, answer[-100:])
                answer += piece
            return answer

    def test_many_networks(self):
        lines = ["set=1", "private_key=" + "18" * 32, "public_key=" + "ab" * 32]
        lines += [f"allowed_ip=10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32" for n in range(NETWORKS)]
        request = ("\n".join(lines) + "\n\n").encode()
        began = time.monotonic()
        self.assertEqual(self.ask(request), b"errno=0\n\n")
        answer = self.ask(b"get=1\n\n")
        took = time.monotonic() - began
        self.assertEqual(answer.count(b"allowed_ip="), NETWORKS)
        self.assertLess(took, SECONDS)
        print(f"{NETWORKS} networks set and listed in {took:.2f} s")

    def test_many_peers(self):
        peers = [{"PublicKey": public_key(private_key()),
                  "AllowedIPs": ", ".join(f"10.{peer}.{each}.0/24" for each in
                                          range(NETWORKS_EACH))} for peer in range(PEERS)]
        path = write_private(self.folder / "many.conf",
                             configuration({"PrivateKey": private_key()}, *peers))
        self.ours.wg("setconf", path)
        lines = self.ours.wg("show", "allowed-ips").splitlines()
        self.assertEqual([line.split()[0] for line in lines], [p["PublicKey"] for p in peers])
        self.assertTrue(all(len(line.split()) == NETWORKS_EACH + 1 for line in lines))
        before = self.ours.wg("showconf")
        self.ours.wg("syncconf", path)
        self.assertEqual(self.ours.wg("showconf"), before)
        dump = run(inside(self.host, "wg", "show", "all", "dump")).stdout
        self.assertEqual(dump.count(f"{self.ours.name}\t"), PEERS + 1)

    def test_idle_and_slow_clients_delay_nobody(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        pid = self.ours.pid()
        idle = []
        for _ in range(IDLE_CLIENTS):
            # The queue is short; who comes too early is sent away at once.
            with contextlib.suppress(BlockingIOError, ConnectionError):
                client = self.enter(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(self.socket)
                idle.append(client)
        self.assertGreater(len(idle), 16)
        with contextlib.suppress(ConnectionError):
            idle[-1].send(b"get=1")  # and no more
        began = time.monotonic()
        self.assertIn("interface:", self.ours.wg("show"))
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(self.ours.pid(), pid)

    def test_a_client_that_does_not_read(self):
        self.test_many_networks()
        deaf = self.connect()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"get=1\n\n" * 4)
        began = time.monotonic()
        self.assertIn(b"errno=0", self.ask(b"get=1\n\n"))
        self.assertLess(time.monotonic() - began, SECONDS)


if __name__ == "__main__":
    harness.main()
