#!/usr/bin/env python3
"""No process keeps a key where it has no business, nor any that is not in use: the memory of every
process of ours is read for it, in pieces of 16 bytes, raw, hexadecimal and base64. Session keys
are not known from outside; protocol.SecretRemains.* looks for those."""

import contextlib
import os
from pathlib import Path

import harness
from harness import PREFIX, SystemTest, ping, wait_until
from memory import forms, places_of
from peers import (
    Interface,
    foreground,
    preshared_key,
    private_key,
    public_key,
    write_private,
)
from tunnel import PEER_V4, TunnelTest


def kept_setup(pid):
    """What a process holds as a descriptor and does not map: the setup for the next daemon."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if "wgns-user setup" in os.readlink(descriptor):
                return Path(descriptor).read_bytes()
    return b""


class Secrets(TunnelTest):
    def setUp(self):
        super().setUp()
        self.psk = preshared_key()
        about_us = {"PresharedKey": self.psk}
        self.configure_peer(**about_us)
        self.keys = {"private": self.ours.private, "preshared": self.psk}

    def up(self):
        self.ours.up(self.interface(), self.towards_peer(PresharedKey=self.psk))
        ping(self.name, PEER_V4)

    def wg_set(self, *words, key):
        path = write_private(self.folder / "key", key)
        harness.run(["wg", "set", self.name, *(path if word is None else word for word in words)])

    def assert_nowhere(self, keys, pids=None):
        """In no process, nor in what one keeps for the next. The command that was told may be done
        before the daemon has given its supervisor the new setup, hence the wait."""
        def found():
            everywhere = {}
            for pid in pids or self.ours.processes():
                if places := places_of(pid, keys):
                    everywhere[pid] = places
                kept = kept_setup(pid)
                if any(text in kept for key in keys.values() for text in forms(key).values()):
                    everywhere[pid] = "its setup"
            return everywhere
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not found(), 5, "no key anywhere")
        self.assertEqual(found(), {})

    def test_what_is_in_use_is_in_pages_for_secrets_alone(self):
        self.up()
        def where():
            return places_of(self.ours.daemon(), self.keys)
        for told in (lambda: None, lambda: harness.run(["wg", "show", self.name, "dump"]),
                     self.ours.status, lambda: self.wg_set("fwmark", "7", key="")):
            told()
            with contextlib.suppress(AssertionError):
                wait_until(lambda: all(place[3] for place in where()), 5, "no other places")
            found = where()
            self.assertEqual({place[0] for place in found}, set(self.keys), found)
            self.assertEqual([place for place in found if not place[3]], [])

    def test_the_supervisor_has_them_in_a_file_alone(self):
        self.up()
        self.assert_nowhere_but_file(self.ours.supervisor())

    def test_a_supervisor_that_read_the_configuration_has_forgotten_it(self):
        self.ours.write(self.interface(), self.towards_peer(PresharedKey=self.psk))
        with foreground(self.ours):
            wait_until(self.ours.daemon, 10, "a daemon")
            ping(self.name, PEER_V4)
            self.assert_nowhere_but_file(self.ours.supervisor())

    def assert_nowhere_but_file(self, pid):
        self.assertEqual(places_of(pid, self.keys), [])
        kept = kept_setup(pid)
        for name, key in self.keys.items():
            self.assertIn(forms(key)["hex"], kept, name)

    def test_keys_that_were_replaced(self):
        self.up()
        self.wg_set("private-key", None, key=private_key())
        self.assert_nowhere({"private": self.ours.private})
        self.wg_set("peer", self.peer.public, "preshared-key", None, key=preshared_key())
        self.assert_nowhere(self.keys)

    def test_a_peer_that_was_removed(self):
        self.up()
        self.wg_set("peer", self.peer.public, "remove", key="")
        self.assert_nowhere({"preshared": self.psk})

    def test_reload_with_other_keys(self):
        self.up()
        old, self.ours.private = dict(self.keys), private_key()
        self.ours.write(self.interface(), self.towards_peer(PresharedKey=preshared_key()))
        self.ours.call("reload", self.name, self.ours.path)
        self.assert_nowhere(old)

    def test_a_daemon_that_was_started_again(self):
        self.up()
        first = self.ours.daemon()
        os.kill(first, 9)
        wait_until(lambda: self.ours.daemon() not in (None, first), 10, "another daemon")
        ping(self.name, PEER_V4)
        found = places_of(self.ours.daemon(), self.keys)
        self.assertEqual([place for place in found if not place[3]], [])
        self.assert_nowhere_but_file(self.ours.supervisor())


    def test_of_run_the_daemon_alone_has_them(self):
        path = self.ours.write(self.interface(), self.towards_peer(PresharedKey=self.psk))
        words = [harness.product_binary(), "run", path, "--", "ping", "-n", "-q", PEER_V4]
        with harness.process(harness.inside(self.host, *words), self.folder / "run.log"):
            wait_until(lambda: self.peer.has_handshake(self.ours.public), 15, "a handshake")
            def holders():
                found = {pid: places_of(pid, self.keys) for pid in self.ours.processes()}
                return {pid: places for pid, places in found.items() if places}
            with contextlib.suppress(AssertionError):
                wait_until(lambda: len(holders()) == 1, 5, "one holder")
            found = holders()
            self.assertEqual(len(found), 1, found)
            self.assertGreater(len(self.ours.processes()), 2)
            for places in found.values():
                self.assertEqual([place for place in places if not place[3]], [])


class InterfaceSecrets(SystemTest):
    def test_keys_of_an_interface(self):
        ours = self.enter(Interface(self.host, f"{PREFIX}i", self.folder))
        psk, peer = preshared_key(), public_key(private_key())
        ours.configure(["10.99.0.1/24"], 51820, {"PublicKey": peer, "PresharedKey": psk})
        keys = {"private": ours.private, "preshared": psk}
        found = places_of(ours.pid(), keys)
        self.assertEqual({place[0] for place in found}, set(keys))
        self.assertEqual([place for place in found if not place[3]], [])
        path = write_private(self.folder / "key", private_key())
        ours.wg("set", "private-key", path, "peer", peer, "remove")
        self.assertEqual(places_of(ours.pid(), keys), [])


if __name__ == "__main__":
    harness.main()
