#!/usr/bin/env python3
"""Metrics of an instance, by HTTP at its socket and at a port."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import time
import unittest

import exposition
import harness
from harness import entries, inside, ping, run, wait_until
from tunnel import OUR_PORT, PEER_V4, TunnelTest

FAILED, BAD_CONFIGURATION = 1, 2
PORT = "127.0.0.1:9586"
NAME_OF_PEER = 'the "big" office\\'


class Metrics(TunnelTest):
    def up(self, **interface):
        self.configure_peer()
        self.write(**interface)
        return self.ours.call("up", self.ours.path)

    def write(self, **interface):
        self.ours.write(self.interface(ListenPort=OUR_PORT, **interface),
                        self.towards_peer(Name=NAME_OF_PEER))

    def socket(self):
        return f"/run/wgns-user/{self.name}/metrics.sock"

    def curl(self, *words, port=None, check=True):
        where = [] if port else ["--unix-socket", self.socket()]
        url = f"http://{port or 'localhost'}/metrics"
        return run(inside(self.host, "curl", "-sS", "--max-time", 20, *where, *words, url),
                   check=check)

    def text(self, port=None):
        return self.curl("--fail", port=port).stdout

    def metrics(self, port=None):
        return exposition.read(self.text(port))

    def serves(self, port=None):
        return self.curl("--fail", port=port, check=False).returncode == 0

    def test_what_it_tells(self):
        self.up()
        # As wg tells it: nothing was carried so far.
        before = self.metrics()
        of_peer = {"instance": self.name, "peer": NAME_OF_PEER}
        self.assertEqual(before["wgns_peer_endpoint_known"].value(**of_peer), 1)
        ping(self.name, PEER_V4)
        now = self.metrics()
        for name in ("wgns_peer_received_bytes_total", "wgns_peer_sent_bytes_total"):
            self.assertGreater(now[name].value(**of_peer), before[name].value(**of_peer))
        handshake = now["wgns_peer_last_handshake_timestamp_seconds"].value(**of_peer)
        self.assertLess(abs(time.time() - handshake), 60)
        self.assertEqual(now["wgns_listen_port"].value(instance=self.name), OUR_PORT)
        status = self.ours.status()
        parts = {"io": status["io"], "aead": status["aead"]}
        self.assertEqual(now["wgns_build_info"].value(instance=self.name, **parts), 1)
        self.assertGreater(now["wgns_longest_turn_seconds"].value(), 0)
        self.assertLess(now["wgns_longest_turn_seconds"].value(), 10)

    def test_a_peer_without_a_handshake(self):
        self.ours.up(self.interface(), self.towards_peer(Endpoint=None))
        metrics = self.metrics()
        key = self.peer.public
        self.assertIsNone(metrics["wgns_peer_last_handshake_timestamp_seconds"].value(peer=key))
        self.assertEqual(metrics["wgns_peer_endpoint_known"].value(peer=key), 0)
        self.assertEqual(metrics["wgns_dropped_packets_total"].value(reason="no_endpoint"), 0)
        run(inside(self.name, "ping", "-n", "-c", 1, "-W", 1, PEER_V4), check=False)
        self.assertGreater(
            self.metrics()["wgns_dropped_packets_total"].value(reason="no_endpoint"), 0)

    def test_the_text_is_as_others_read_it(self):
        self.up()
        text = self.text()
        exposition.read(text)
        # Debian's is in a package of 20 MB; who has it is glad of it.
        if shutil.which("promtool"):
            self.assertEqual(run(["promtool", "check", "metrics"], text_in=text).stdout, "")

    def test_only_root_and_only_metrics(self):
        self.up()
        mode = os.stat(self.socket()).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertIn("HTTP/1.1 200 OK", self.curl("--head").stdout)
        self.assertIn("HTTP/1.1 405 ", self.curl("-i", "--data", "x=1").stdout)
        self.assertIn("HTTP/1.1 404 ", self.curl("-i", "--request-target", "/other").stdout)

    def test_a_port_where_it_is_asked_for(self):
        self.up(MetricsListen=PORT)
        self.assertEqual(set(self.metrics(PORT)), set(self.metrics()))
        # It is the host's: neither those inside nor those outside have it.
        self.assertEqual(run(inside(self.name, "ss", "-Hltn")).stdout, "")
        self.assertIn(f" {PORT} ", run(inside(self.host, "ss", "-Hltn")).stdout)

    def test_no_port_but_of_loopback(self):
        self.write(MetricsListen="0.0.0.0:9586")
        done = self.ours.call("up", self.ours.path, check=False)
        self.assertEqual(done.returncode, BAD_CONFIGURATION)
        self.assertRegex(done.stderr, r"\.conf:\d+: MetricsListen: .*loopback.*; write 127")

    def test_a_taken_port_fails_with_one_line(self):
        self.write(MetricsListen="127.0.0.1:9586", Publish="127.0.0.1:9586 -> 80")
        done = self.ours.call("up", self.ours.path, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(done.stderr, r"wgns-user: MetricsListen: bind .*give MetricsListen "
                                      r"another port\n\Z")
        self.assertNotIn(self.name, entries("/run/wgns-user"))

    def test_reload_opens_moves_and_closes_the_port(self):
        self.up()
        self.assertFalse(self.serves(PORT))
        self.write(MetricsListen=PORT)
        self.ours.call("reload", self.name)
        self.assertTrue(self.serves(PORT))
        self.write(MetricsListen="[::1]:9587")
        self.ours.call("reload", self.name)
        self.assertTrue(self.serves("[::1]:9587"))
        self.assertFalse(self.serves(PORT))
        self.kill_daemon()
        wait_until(lambda: self.serves("[::1]:9587"), 15, "the port is served again")
        self.write()
        self.ours.call("reload", self.name)
        self.assertFalse(self.serves("[::1]:9587"))
        self.write(MetricsListen=PORT)
        self.ours.call("reload", self.name)
        self.assertTrue(self.serves(PORT))
        self.assertTrue(self.serves())

    def kill_daemon(self):
        before = wait_until(self.ours.daemon, 5, "a daemon")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.ours.daemon() not in (None, before), 10, "another daemon")

    def test_a_daemon_that_died_serves_again(self):
        self.up(MetricsListen=PORT)
        self.kill_daemon()
        # Whoever asks in between waits: the listeners are the supervisor's.
        self.assertTrue(self.serves())
        self.assertTrue(self.serves(PORT))

    def test_who_hangs_delays_nobody(self):
        self.up()
        with contextlib.ExitStack() as stack:
            for _ in range(40):  # more than are taken
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.settimeout(20)
                # Nor do more wait than the queue holds.
                with contextlib.suppress(OSError):
                    client.connect(self.socket())
                    client.sendall(b"GET /met")
            begin = time.monotonic()
            self.ours.status()
            ping(self.name, PEER_V4)
            self.assertLess(time.monotonic() - begin, 5)
            wait_until(self.serves, 15, "those who hang are sent away")

    def test_down_takes_it_away(self):
        self.up(MetricsListen=PORT)
        self.assertTrue(self.serves())
        self.ours.down()
        self.assertFalse(os.path.exists(self.socket()))
        closed = lambda: not run(inside(self.host, "ss", "-Hltn")).stdout  # noqa: E731
        wait_until(closed, 10, "the port is closed")

    def test_the_dashboard_names_what_there_is(self):
        self.up()
        dashboard = harness.Path(__file__).resolve().parents[2] / "packaging/grafana/wgns-user.json"
        named = set(exposition.re.findall(r"\bwgns_\w+", dashboard.read_text()))
        self.assertEqual(named - set(self.metrics()), set())


class Format(unittest.TestCase):
    def test_the_reader_is_strict(self):
        start = "# HELP a_total b\n# TYPE a_total counter\n"
        good = start + 'a_total{x="\\\\\\"\\n"} 1\n'
        self.assertEqual(exposition.read(good)["a_total"].value(x='\\"\n'), 1)
        for bad in ('a_total{x="1"} 1', 'a_total{x="\\t"} 1\n', 'a_total{x="1",x="2"} 1\n',
                    'a_total{x="1"} 1\na_total{x="1"} 2\n', 'b_total{x="1"} 1\n',
                    'a_total{x="1"} one\n', "\n", "# TYPE b gauge\n", start):
            with self.assertRaises((exposition.Malformed, ValueError), msg=bad):
                exposition.read(start + bad)


if __name__ == "__main__":
    harness.main()
