#!/usr/bin/env python3
"""`bench --path` measures through an instance that is up, to `bench --serve` in the network at the
other end, which wireguard-go serves here."""

import json
import signal
import socket
import subprocess
import threading
import xml.etree.ElementTree as xml

import harness
from harness import inside, process, product_binary, run, wait_until
from tunnel import PEER_V4, PEER_V6, TunnelTest

FAILED, USAGE, NO_SUCH_INSTANCE = 1, 2, 3
PORT = 51830
TINY = ["--quick", "--seconds", "0.1"]


def expected_figures(sizes):
    for name in ("tcp1", "tcp1-reverse", "tcp4", "tcp4-reverse"):
        yield from (f"{name}.gbit", f"{name}.cpu")
    for name in [*sizes, *(f"{size}-gso" for size in sizes)]:
        yield from (f"{name}.kpps", f"{name}.udp-gbit", f"{name}.udp-cpu")
    for name in ("idle", "loaded"):
        yield from (f"{name}-{part}.ms" for part in ("p50", "p99", "p999"))
    yield "daemon.mib"


class BenchPath(TunnelTest):
    def setUp(self):
        super().setUp()
        self.connect()

    def serve(self, at=PEER_V4):
        self.served = self.folder / "serve.log"
        command = inside(self.provider, product_binary(), "bench", "--serve", at)
        child = self.enter(process(command, self.served))
        wait_until(lambda: "serves" in self.served.read_text(), 10, "the far end serves")
        return child

    def bench(self, *words, to=PEER_V4, name=None, check=False, **more):
        words = ["bench", "--path", name or self.name, "--to", to, *TINY, *words]
        return self.ours.call(*words, check=check, **more)

    def fails(self, *words, status=FAILED, **more):
        done = self.bench(*words, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def start(self, *words):
        command = [product_binary(), "bench", "--path", self.name, "--to", PEER_V4, *words]
        child = subprocess.Popen(inside(self.host, *command), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.stderr.close)
        self.addCleanup(harness.end_process, child)
        return child

    def told(self, what):
        return self.served.read_text().count(what)

    def test_every_measure_that_a_path_allows(self):
        self.serve()
        result, picture = self.folder / "result.json", self.folder / "result.svg"
        done = self.bench("--json", result, "--svg", picture)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        told = json.loads(result.read_text())
        self.assertEqual(told["path"], f"{self.name} to {PEER_V4}:{PORT}")
        (ours,) = told["contestants"]
        sizes = ["udp64", "udp200", "udp512", "udp1368"]
        self.assertEqual(sorted(ours["figures"]), sorted(expected_figures(sizes)))
        for name, figure in ours["figures"].items():
            self.assertGreater(min(figure["samples"]), 0, name)
        self.assertIn(f"through {self.name} to {PEER_V4}:{PORT}", done.stdout)
        for absent in ("Start", "Handshakes"):
            self.assertNotIn(f"\n{absent}", done.stdout)
            self.assertNotIn(f">{absent}", picture.read_text())
        xml.parse(picture)
        # The server goes on, and the run is one to compare with.
        done = self.bench("--compare", result)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Compared with the run of", done.stdout)
        self.assertEqual(self.told(" measures\n"), 2)
        wait_until(lambda: self.told("is done") == 2, 10, "the server has seen the end")

    def test_ipv6_and_what_a_small_mtu_allows(self):
        run(["ip", "-n", self.name, "link", "set", self.name, "mtu", 1300])
        self.serve(f"[{PEER_V6}]:4000")
        result = self.folder / "result.json"
        done = self.bench("--json", result, to=f"[{PEER_V6}]:4000")
        self.assertEqual(done.returncode, 0, done.stderr)
        (ours,) = json.loads(result.read_text())["contestants"]
        sizes = ["udp64", "udp200", "udp512"]
        self.assertEqual(sorted(ours["figures"]), sorted(expected_figures(sizes)))

    def test_nobody_there(self):
        self.assertIn("nowhere", self.fails(name="nowhere", status=NO_SUCH_INSTANCE))
        told = self.fails()
        self.assertIn(f"nobody answers at {PEER_V4}:{PORT} (Connection refused)", told)
        self.assertIn(f"run there: wgns-user bench --serve {PEER_V4}:{PORT}", told)
        for words in (["--path", self.name], ["--to", PEER_V4], ["--serve", "0.0.0.0"],
                      ["--serve", "example.org"], ["--serve", PEER_V4, "--quick"]):
            done = self.ours.call("bench", *words, check=False)
            self.assertEqual(done.returncode, USAGE, words)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        command = inside(self.provider, product_binary(), "bench", "--serve", "192.0.2.77")
        done = run(command, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("Cannot assign requested address", done.stderr)

    def answer_with(self, *texts):
        """Somebody else at the port, for as many clients."""
        ready = threading.Event()

        def work():
            with open(f"/run/netns/{self.provider}") as namespace:
                harness_setns(namespace.fileno())
            with socket.create_server((PEER_V4, PORT)) as server:
                ready.set()
                for text in texts:
                    client = server.accept()[0]
                    with client:
                        client.recv(4096)
                        client.sendall(text)
                        client.recv(4096)

        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        ready.wait(10)

    def test_somebody_else_there(self):
        self.answer_with(b"SSH-2.0-OpenSSH_9.2\r\n",
                         b'{"version":"0.0.1","error":"another version"}\n')
        self.assertIn("is no `wgns-user bench --serve`", self.fails())
        self.assertIn("has wgns-user 0.0.1, this is", self.fails())

    def test_one_client_at_a_time_and_ctrl_c_at_either_end(self):
        server = self.serve()
        child = self.start("--seconds", "30")
        wait_until(lambda: self.told(" measures\n") == 1, 10, "a client")
        self.assertIn("measures already; try again", self.fails())
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(timeout=5), FAILED)
        self.assertIn("interrupted", child.stderr.read())
        wait_until(lambda: self.told("is done") == 1, 10, "the server has seen the end")
        self.assertEqual(self.bench().returncode, 0)
        child = self.start("--seconds", "3")
        wait_until(lambda: self.told(" measures\n") == 3, 10, "the next client")
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(timeout=5), 0)
        self.assertEqual(child.wait(timeout=10), FAILED)
        said = child.stderr.read()
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertRegex(said, f"lost the connection to {PEER_V4}|nobody answers")

    def ask_server(self, *lines):
        """The answer to each line, of a connection of its own; the first one stays."""
        program = ("import json,socket,sys\n"
                   "first, token = None, ''\n"
                   "for line in sys.argv[3:]:\n"
                   "    s=socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
                   "    s.sendall(line.replace('TOKEN', token).encode()+b'\\n')\n"
                   "    told=json.loads(s.makefile().readline())\n"
                   "    first, token = first or s, token or told.get('session', '')\n"
                   "    print(json.dumps(told))\n")
        done = run(inside(self.provider, "python3", "-c", program, PEER_V4, PORT, *lines))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_orders_beyond_the_limits_are_refused(self):
        self.serve()
        good = {"traffic": "tcp", "is_reverse": False, "streams": 1, "datagram_size": 64,
                "has_trains": False, "warm_up_ns": 0, "counted_ns": 10**8}
        bad = [{"streams": 0}, {"streams": 65}, {"datagram_size": 1}, {"datagram_size": 9001},
               {"counted_ns": 10**12}, {"traffic": "shell"}, {"streams": -1}, {"streams": "1"}]
        version = run([product_binary(), "--version"]).stdout.split()[-1]
        orders = [json.dumps({"session": "TOKEN", "task": {**good, **each}}) for each in bad]
        stranger = json.dumps({"session": "00", "task": good})
        greeting, *told = self.ask_server(json.dumps({"bench": version}), *orders, stranger)
        self.assertIn("session", greeting)
        for each in told:
            self.assertEqual(list(each), ["error"])
        self.assertEqual(self.bench().returncode, 0)


def harness_setns(descriptor):
    """Of this thread alone; Python 3.12 has it as os.setns."""
    import ctypes  # noqa: PLC0415
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")


if __name__ == "__main__":
    harness.main()
