#!/usr/bin/env python3
"""`up` that is killed between two of its steps: `down` leaves the machine as it was."""

import re

import harness
from harness import inside, product_binary, run
from tunnel import PEER_V4, TunnelTest

# What steps are made of, and how many of each are tried; more than there are do no harm.
CALLS = {"fdatasync": 6, "mkdir": 5, "mount": 4, "linkat": 2, "sendto": 14, "fsync": 2, "rename": 1,
         "renameat2": 2, "memfd_create": 1}
NO_SUCH_INSTANCE = 3


class Undo(TunnelTest):
    def setUp(self):
        super().setUp()
        rules = "add table inet of_the_host; add chain inet of_the_host c"
        run(inside(self.host, "nft", rules))
        self.configure_peer()
        interface = self.interface(
            DNS=PEER_V4,
            DNSEnforce="strict",
            ExtraFirewallRules="add rule inet my_table my_output counter",
        )
        self.ours.write(interface, self.towards_peer())

    def machine(self):
        rules = run(inside(self.host, "nft", "-a", "list", "ruleset")).stdout
        return {"rules": rules, "resolv.conf": open("/etc/resolv.conf").read(),
                **harness.snapshot()}

    def kill_at(self, call, number):
        """Whether `up` came so far."""
        log = self.folder / "strace.log"
        words = ["strace", "-f", "-b", "execve", "-o", log, "-e", f"trace={call}",
                 "-e", f"inject={call}:signal=KILL:when={number}"]
        command = inside(self.host, *words, product_binary(), "up", self.ours.path)
        run(command, check=False, timeout=60)
        return re.search(r"killed by SIGKILL", log.read_text()) is not None

    def test_killed_at_any_step(self):
        before = self.machine()
        killed = 0
        for call, most in CALLS.items():
            for number in range(1, most + 1):
                with self.subTest(call=call, number=number):
                    killed += self.kill_at(call, number)
                    down = self.ours.call("down", self.name, check=False)
                    self.assertIn(down.returncode, (0, NO_SUCH_INSTANCE), down.stderr)
                    self.assertEqual(self.machine(), before)
        self.assertGreater(killed, 20)


if __name__ == "__main__":
    harness.main()
