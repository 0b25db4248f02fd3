#!/usr/bin/env python3
"""`bench` makes its own tunnel, measures it, and leaves nothing behind, however it ends."""

import json
import signal
import subprocess
import time
import xml.etree.ElementTree as xml

import harness
from harness import SystemTest, product_binary, product_pids, run, snapshot, wait_until

FAILED, USAGE = 1, 2
TINY = ["--quick", "--seconds", "0.1"]
AS_NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
TRAFFIC = ["tcp1", "tcp1-reverse", "tcp4", "tcp4-reverse"]
SIZES = ["udp64", "udp200", "udp512", "udp1368"]


def bench(*words, before=(), timeout=60):
    command = [*before, product_binary(), "bench", *TINY, *words]
    return run(command, timeout=timeout, check=False)


def expected_figures():
    for name in TRAFFIC:
        yield from (f"{name}.gbit", f"{name}.cpu")
    for name in [*SIZES, *(f"{size}-gso" for size in SIZES)]:
        yield from (f"{name}.kpps", f"{name}.udp-gbit", f"{name}.udp-cpu")
    for name in ("idle", "loaded"):
        yield from (f"{name}-{part}.ms" for part in ("p50", "p99", "p999"))
    yield from ("daemon.mib", "daemon.start", "daemon.per-second",
                "daemon.handshake-cpu")


def much_better_result():
    """What --json would have written on a machine of which nobody has heard."""
    figures = {name: {"samples": [1e9 if name.endswith(("gbit", "kpps", "per-second")) else 1e-9]}
               for name in expected_figures()}
    machine = {"kernel": "7.0", "cpu": "fast", "cpus": 1000, "memory_mib": 1}
    ours = {"name": "wgns-user", "command": "wgns-user {}", "version": "9", "figures": figures}
    return {"when": "long ago", "command_line": [], "machine": machine, "busy_before": 0,
            "rounds": 1, "seconds": 1, "contestants": [ours]}


class Bench(SystemTest):
    def setUp(self):
        super().setUp()
        self.before = snapshot()

    def assert_nothing_left(self):
        # It is gone when the command returns, not some time later.
        self.assertEqual(snapshot(), self.before)

    def fails(self, *words, status=FAILED, **more):
        done = bench(*words, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("wgns-user: "), done.stderr)
        self.assert_nothing_left()
        return done.stderr

    def test_every_measure_has_a_value(self):
        result, picture = self.folder / "result.json", self.folder / "result.svg"
        done = bench("--json", result, "--svg", picture)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "", "a progress line is for terminals")
        self.assert_nothing_left()
        told = json.loads(result.read_text())
        figures = told["contestants"][0]["figures"]
        self.assertEqual(sorted(figures), sorted(expected_figures()))
        for name, figure in figures.items():
            self.assertGreater(min(figure["samples"]), 0, name)
        self.assertEqual(told["rounds"], 1)
        self.assertIn("bench", told["command_line"])
        self.assertEqual(xml.parse(picture).getroot().tag, "{http://www.w3.org/2000/svg}svg")
        for title in ("TCP, delivered", "UDP, delivered", "Daemons' CPU", "under TCP, p99",
                      "Handshakes"):
            self.assertIn(title, done.stdout)

    def test_a_peer_takes_its_turns(self):
        result = self.folder / "result.json"
        old = self.folder / "old.json"
        old.write_text(json.dumps(much_better_result()))
        done = bench("--peer", f"WGNS_IO=epoll {product_binary()} {{}}", "--json", result,
                     "--compare", old)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_nothing_left()
        ours, peer = json.loads(result.read_text())["contestants"]
        self.assertEqual(peer["name"], "wgns-user (peer)")
        self.assertEqual(peer["version"], f"wgns-user {ours['version']}")
        self.assertEqual(sorted(peer["figures"]), sorted(ours["figures"]))
        for name, figure in peer["figures"].items():
            self.assertGreater(figure["ours_to_this"], 0, name)
        self.assertIn("ours : this", done.stdout)
        compared = done.stdout.partition("Compared with the run of long ago:")[2]
        self.assertEqual(compared.count("\n  worse "), len(ours["figures"]), compared)
        self.assertIn("wgns-user (peer) did not take part", compared)

    def test_a_peer_that_is_never_ready(self):
        told = self.fails("--peer", "echo first >&2; echo the last word >&2; sleep 600 # {}")
        self.assertIn("not ready within 5 s", told)
        self.assertIn("it said: the last word", told)

    def test_a_peer_that_ends(self):
        told = self.fails("--peer", "echo no such device >&2; exit 3 # {}")
        self.assertIn("ended with status 3; it said: no such device", told)
        self.assertIn("ended with status 127", self.fails("--peer", "/no/such/program {}"))

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            child = self.start(["--seconds", "30", "--json", self.folder / "never.json"])
            wait_until(lambda: len(product_pids()) > 6, 20, "two daemons and traffic")
            child.send_signal(number)
            began = time.monotonic()
            self.assertEqual(child.wait(timeout=10), FAILED)
            self.assertLess(time.monotonic() - began, 3)
            self.assertIn("interrupted", child.stderr.read())
            self.assert_nothing_left()
            self.assertFalse((self.folder / "never.json").exists())

    def test_killed(self):
        child = self.start(["--seconds", "30"])
        wait_until(lambda: len(product_pids()) > 6, 20, "two daemons and traffic")
        child.kill()
        child.wait(timeout=10)
        wait_until(lambda: product_pids() == set(), 10, "no process of it is left")

    def start(self, words):
        command = [product_binary(), "bench", *map(str, words)]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.stderr.close)
        self.addCleanup(harness.end_process, child)
        return child

    def test_bad_input_is_said_before_anything_is_measured(self):
        binary = self.folder / "wgns-user"
        binary.write_bytes(product_binary().read_bytes())
        binary.chmod(0o755)
        self.folder.chmod(0o755)
        done = run([*AS_NOBODY, binary, "bench"], check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("run it with sudo", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        nowhere = self.folder / "none" / "result"
        self.assertIn(str(nowhere), self.fails("--json", nowhere))
        self.assertIn(str(nowhere), self.fails("--svg", nowhere))
        self.assertIn(str(nowhere), self.fails("--compare", nowhere, status=USAGE))
        other = self.folder / "other.json"
        other.write_text("{}")
        self.assertIn("not a result", self.fails("--compare", other, status=USAGE))


if __name__ == "__main__":
    harness.main()
