#!/usr/bin/env python3
"""Commands and processes that are killed at any moment: `down` and `gc` leave the machine as it
was, the host's resolv.conf and firewall byte for byte."""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import time

import harness
from harness import answers, inside, ping, product_binary, run, wait_until
from tunnel import PEER_V4, TunnelTest

# What steps are made of, and how many of each are tried; more than there are do no harm.
CALLS = {"fdatasync": 6, "mkdir": 5, "mount": 4, "linkat": 2, "sendto": 14, "fsync": 2, "rename": 1,
         "renameat2": 2, "memfd_create": 1}
NO_SUCH_INSTANCE = 3
# Moments at which a command is killed, spread over the time that it takes.
UP_POINTS, RELOAD_POINTS, DOWN_POINTS = 60, 30, 20


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
            PostUp="true",
            PreDown="true",
        )
        self.ours.write(interface, self.towards_peer())

    def machine(self):
        rules = run(inside(self.host, "nft", "-a", "list", "ruleset")).stdout
        mounts = [line.split()[1] for line in open("/proc/mounts")]
        return {"rules": rules, "resolv.conf": open("/etc/resolv.conf").read(),
                "mounts": sorted(mounts), **harness.snapshot()}

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


    def seconds_of(self, *words):
        began = time.monotonic()
        self.ours.call(*words)
        return time.monotonic() - began

    def kill_after(self, seconds, *words):
        """Starts a command and kills it so long after; whether it was still at work."""
        command = inside(self.host, product_binary(), *words)
        with open(self.folder / "killed.log", "ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        time.sleep(seconds)  # the moment, not a wait for a state
        was_running = child.poll() is None
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        child.wait(timeout=10)
        return was_running

    def clean_up(self, command):
        words = ["gc"] if command == "gc" else ["down", self.name]
        done = self.ours.call(*words, check=False)
        self.assertIn(done.returncode, (0, NO_SUCH_INSTANCE), done.stderr)

    def wait_for(self, before):
        # A supervisor whose command was killed may be taking things away itself.
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.machine() == before, 5, "the machine as it was")
        self.assertEqual(self.machine(), before)

    def points(self, count, seconds):
        """Number and moment of each kill."""
        return [(number, seconds * (number + 0.5) / count) for number in range(count)]

    def test_up_killed_at_any_time(self):
        before = self.machine()
        seconds = self.seconds_of("up", self.ours.path)
        self.ours.down()
        killed = 0
        ways = itertools.cycle(["down", "gc"])
        for number, moment in self.points(UP_POINTS, seconds):
            with self.subTest(number):
                killed += self.kill_after(moment, "up", self.ours.path)
                way = next(ways)
                self.clean_up(way)
                # What has come up whole is no dead rest.
                if way == "gc" and self.ours.processes():
                    self.clean_up("down")
                self.wait_for(before)
        self.assertGreater(killed, UP_POINTS // 2)

    def test_down_killed_at_any_time(self):
        before = self.machine()
        self.ours.call("up", self.ours.path)
        seconds = self.seconds_of("down", self.name)
        for number, moment in self.points(DOWN_POINTS, seconds):
            with self.subTest(number):
                self.ours.call("up", self.ours.path)
                self.kill_after(moment, "down", self.name)
                self.clean_up("down")
                self.wait_for(before)

    def test_reload_killed_at_any_time(self):
        before = self.machine()
        self.ours.call("up", self.ours.path)
        files = [self.ours.path, self.folder / "other.conf"]
        files[1].write_text(files[0].read_text().replace("10.99.0.1/32", "10.97.0.1/24"))
        files[1].chmod(0o600)
        seconds = self.seconds_of("reload", self.name, files[1])
        for number, moment in self.points(RELOAD_POINTS, seconds):
            with self.subTest(number):
                file = files[number % 2]
                self.kill_after(moment, "reload", self.name, file)
                rules = run(inside(self.name, "nft", "list", "ruleset")).stdout
                self.assertIn("policy drop", rules)
                self.ours.call("reload", self.name, file)
                again = self.ours.call("reload", self.name, file)
                self.assertIn(f"is as {file} says", again.stdout)
        self.ours.call("reload", self.name, files[0])
        ping(self.name, PEER_V4)
        self.ours.down()
        self.wait_for(before)

    def test_processes_killed_in_a_steady_state(self):
        before = self.machine()
        for way, victims in itertools.product(("down", "gc"), ("supervisor", "daemon", "both")):
            with self.subTest(f"{victims}, {way}"):
                self.ours.call("up", self.ours.path)
                ping(self.name, PEER_V4)
                daemon = wait_until(self.ours.daemon, 5, "a daemon")
                if victims == "both":
                    self.ours.kill()
                else:
                    victim = self.ours.supervisor() if victims == "supervisor" else daemon
                    os.kill(victim, signal.SIGKILL)
                if victims == "supervisor":
                    wait_until(lambda: not self.ours.processes(), 10, "the daemon ends too")
                # gc leaves what lives.
                self.clean_up(way)
                if victims == "daemon":
                    wait_until(lambda: answers(self.name, PEER_V4) or way == "down", 10, "answers")
                    self.clean_up("down")
                self.wait_for(before)


if __name__ == "__main__":
    harness.main()
