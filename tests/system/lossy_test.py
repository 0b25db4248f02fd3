#!/usr/bin/env python3
"""Connections live through lost and overtaken datagrams and through renewed keys (120 s), in both
roles. WGNS_LONG_TESTS=1: three renewals instead of one."""

import os
import sys
from pathlib import Path

import harness
from harness import HOST_V4, PROVIDER_V4, answers, inside, process, run, wait_until
from tunnel import OUR_PORT, OUR_V4, PEER_PORT, PEER_V4, TunnelTest

HERE = Path(__file__).parent
RELAY_PORT, ECHO_PORT = 51900, 7007
LOSS, SEED = 0.02, 20
SECONDS = 390 if os.environ.get("WGNS_LONG_TESTS") == "1" else 135


class Lossy(TunnelTest):
    def start_script(self, where, name, *words):
        command = inside(where, sys.executable, "-B", HERE / name, *words)
        self.enter(process(command, self.folder / f"{name}-{where}.log"))

    def start_relay(self, target):
        self.start_script(self.provider, "relay.py", RELAY_PORT, target, LOSS, SEED)

    def is_listening(self, where):
        return f":{ECHO_PORT}" in run(inside(where, "ss", "-Hltn")).stdout

    def talk(self, where, to, address):
        self.start_script(to, "echo_stream.py", "serve", address, ECHO_PORT)
        wait_until(lambda: self.is_listening(to), 10, "the echo listens")
        words = [sys.executable, "-B", HERE / "echo_stream.py", "talk", address, ECHO_PORT, SECONDS]
        done = run(inside(where, *words), timeout=SECONDS + 60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def handshakes(self):
        return self.peer.of_peer("latest-handshakes", self.ours.public)

    def check(self, where, to, address):
        wait_until(lambda: answers(where, address), 20, "the tunnel carries")
        first = self.handshakes()
        self.talk(where, to, address)
        self.assertNotEqual(self.handshakes(), first, "no key was renewed")

    def test_an_initiators_connection_lives(self):
        self.start_relay(f"127.0.0.1:{PEER_PORT}")
        self.connect(Endpoint=f"{PROVIDER_V4}:{RELAY_PORT}")
        self.check(self.name, self.provider, PEER_V4)

    def test_a_responders_connection_lives(self):
        self.start_relay(f"{HOST_V4}:{OUR_PORT}")
        self.configure_peer(Endpoint=f"127.0.0.1:{RELAY_PORT}")
        ours = self.interface(ListenPort=OUR_PORT, AllowFromTunnel=f"tcp/{ECHO_PORT}")
        self.ours.up(ours, self.towards_peer(Endpoint=None))
        self.check(self.provider, self.name, OUR_V4)


if __name__ == "__main__":
    harness.main()
