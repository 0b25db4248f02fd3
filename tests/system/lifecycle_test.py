#!/usr/bin/env python3
"""up, down and what happens when processes die in between. WGNS_LONG_TESTS=1: the daemon is stopped
for longer than a key lives."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import harness
from harness import answers, entries, inside, ping, process, product_binary, run, wait_until
from peers import foreground, private_key, public_key
from tunnel import PEER_V4, TunnelTest

NO_SUCH_INSTANCE = 3
CLONE_NEWNET = 0x40000000
STREAM_PORT = 8010
STOPPED_SECONDS = 200 if os.environ.get("WGNS_LONG_TESTS") == "1" else 3


def socket_inside(namespace):
    """A TCP socket that was made there."""
    made = []

    def make():
        with open(f"/run/netns/{namespace}", "rb") as where:
            assert ctypes.CDLL(None, use_errno=True).setns(where.fileno(), CLONE_NEWNET) == 0
        made.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))

    # The thread stays there to its end, the others never go.
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


class ServiceManager:
    """What systemd does for one unit: it hears what is told, and keeps descriptors for the next
    start."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(15)
        self.kept = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.let_go()

    def let_go(self):
        while self.kept:
            os.close(self.kept.pop())

    def hear(self, word):
        """Waits for a message that begins with this word, and does what the others ask for."""
        while True:
            text, descriptors, _, _ = socket.recv_fds(self.socket, 4096, 16)
            lines = text.decode().splitlines()
            if lines[0] in ("FDSTORE=1", "FDSTOREREMOVE=1"):
                assert lines[1] == "FDNAME=tun", lines
                self.let_go()
                self.kept = list(descriptors)
            if lines[0] == word:
                return lines

    def start(self, where, *command):
        """Returns the child. The shell becomes the command, so that it knows its own number."""
        count = len(self.kept)
        words = [f"exec {3 + i}<&{fd};" for i, fd in enumerate(self.kept)]
        if count:
            names = ":".join(["tun"] * count)
            words.append(f"export LISTEN_PID=$$ LISTEN_FDS={count} LISTEN_FDNAMES={names};")
        script = " ".join(words) + ' exec "$@"'
        command = ["env", f"NOTIFY_SOCKET={self.path}", "bash", "-c", script, "sh", *command]
        log = open(self.path.with_suffix(".log"), "ab")
        with log:
            return subprocess.Popen([str(word) for word in inside(where, *command)], stdout=log,
                                    stderr=log, stdin=subprocess.DEVNULL, pass_fds=self.kept)


class Lifecycle(TunnelTest):
    def assert_gone(self):
        self.assertNotIn(self.name, entries("/run/netns"))
        self.assertNotIn(self.name, entries("/run/wgns-user"))
        self.assertNotIn(self.name, entries("/etc/netns"))
        wait_until(lambda: not self.ours.processes(), 10, "no process is left")

    def test_down_leaves_nothing(self):
        self.connect()
        ping(self.name, PEER_V4)
        self.ours.down()
        self.assert_gone()

    def test_down_needs_no_configuration(self):
        self.connect()
        self.ours.path.unlink()
        self.ours.down()
        self.assert_gone()

    def test_up_twice_says_so(self):
        self.connect()
        before = self.ours.processes()
        again = self.ours.call("up", self.ours.path)
        self.assertIn(self.name, again.stdout + again.stderr)
        self.assertEqual(self.ours.processes(), before)
        ping(self.name, PEER_V4)

    def test_up_may_wait_for_a_handshake(self):
        self.configure_peer()
        self.ours.up(self.interface(), self.towards_peer(), options=["--wait-handshake", 10])
        self.assertTrue(self.peer.has_handshake(self.ours.public))
        self.ours.down()
        nobody = {"PublicKey": public_key(private_key()), "AllowedIPs": "10.98.0.0/24",
                  "Endpoint": "10.77.0.2:9"}
        self.ours.write(self.interface(), nobody)
        done = self.ours.call("up", "--wait-handshake", 2, self.ours.path, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no handshake within 2 s", done.stderr)
        self.assert_gone()

    def test_a_foreground_instance_may_wait_and_be_told_to_end(self):
        nobody = {"PublicKey": public_key(private_key()), "AllowedIPs": "10.98.0.0/24"}
        self.ours.write(self.interface(), nobody)
        with foreground(self.ours, "--wait-handshake", 60) as child:
            wait_until(lambda: self.name in entries("/run/netns"), 15, "the namespace")
            wait_until(self.ours.daemon, 5, "a daemon")
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(timeout=10), 0)
        self.assert_gone()

    def test_up_after_down(self):
        self.connect()
        self.ours.down()
        self.ours.call("up", self.ours.path)
        ping(self.name, PEER_V4)

    def test_unknown_instance(self):
        for words in (["down", "nobody"], ["status", "nobody"], ["exec", "nobody", "--", "true"]):
            with self.subTest(words[0]):
                done = self.ours.call(*words, check=False)
                # exec keeps the command's statuses free and has 125 for its own failures.
                expected = 125 if words[0] == "exec" else NO_SUCH_INSTANCE
                self.assertEqual(done.returncode, expected, done.stderr)

    def test_list_and_status_show_it(self):
        self.connect()
        ping(self.name, PEER_V4)
        self.assertIn(self.name, self.ours.call("list").stdout)
        self.assertIn(self.peer.public, self.ours.call("status", self.name).stdout)
        self.assertIn(self.peer.public, str(self.ours.status()))
        self.assertNotIn(self.ours.private, self.ours.call("status", self.name, "--json").stdout)

    def test_exec_runs_inside_and_passes_the_status(self):
        self.connect()
        table = [
            # 1: inside
            (["ip", "-o", "link", "show", self.name], 0),
            # 2: the command's own status
            (["sh", "-c", "exit 7"], 7),
            # 3: a signal
            (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
            # 4: not found
            (["no-such-command-at-all"], 127),
            # 5: not executable
            (["/etc/passwd"], 126),
            # 6: told where it is
            (["sh", "-c", f'test "$WGNS_NAME" = {self.name}'], 0),
        ]
        for number, (words, status) in enumerate(table, 1):
            with self.subTest(number):
                self.assertEqual(self.status_in_a_shell("exec", self.name, "--", *words), status)

    def status_in_a_shell(self, *words):
        """The command becomes the program, so a signal that ends it is for its caller to see:
        a shell does, and calls it 128 and the signal's number."""
        command = inside(self.host, product_binary(), *words)
        return run(["sh", "-c", '"$@"; exit $?', "sh", *command], check=False).returncode

    def test_a_killed_daemon_comes_back(self):
        self.connect()
        ping(self.name, PEER_V4)
        old = wait_until(self.ours.daemon, 5, "a daemon under its supervisor")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.ours.daemon() not in (None, old), 15, "a new daemon")
        wait_until(lambda: answers(self.name, PEER_V4), 30, "the tunnel carries again")
        self.ours.down()
        self.assert_gone()

    def test_a_connection_outlives_killed_daemons(self):
        self.connect()
        program = Path(__file__).with_name("echo_stream.py")
        python = [sys.executable, "-B", program]
        self.enter(process(inside(self.provider, *python, "serve", PEER_V4, 7),
                           self.folder / "server.log"))
        listening = lambda: ":7 " in run(inside(self.provider, "ss", "-ltn")).stdout  # noqa: E731
        wait_until(listening, 10, "the server listens")
        log = self.folder / "talk.log"
        with process(inside(self.name, *python, "talk", PEER_V4, 7, 8), log) as talk:
            for _ in range(3):
                old = wait_until(self.ours.daemon, 5, "a daemon under its supervisor")
                os.kill(old, signal.SIGKILL)
                wait_until(lambda: self.ours.daemon() not in (None, old), 1, "a new daemon")
                wait_until(lambda: answers(self.name, PEER_V4), 5, "the tunnel carries again")
            self.assertEqual(talk.wait(timeout=40), 0, log.read_text())

    def test_a_daemon_that_was_stopped_goes_on(self):
        self.connect()
        ping(self.name, PEER_V4)
        first = self.peer.of_peer("latest-handshakes", self.ours.public)
        daemon = wait_until(self.ours.daemon, 5, "a daemon under its supervisor")
        os.kill(daemon, signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        os.kill(daemon, signal.SIGCONT)
        wait_until(lambda: answers(self.name, PEER_V4), 10, "the tunnel carries again")
        self.assertEqual(self.ours.daemon(), daemon)
        if STOPPED_SECONDS > 180:
            last = self.peer.of_peer("latest-handshakes", self.ours.public)
            self.assertNotEqual(last, first, "the key was too old")

    def test_no_daemon_without_its_supervisor(self):
        self.connect()
        wait_until(self.ours.daemon, 5, "a daemon under its supervisor")
        os.kill(self.ours.supervisor(), signal.SIGKILL)
        wait_until(lambda: not self.ours.processes(), 15, "the daemon ends too")
        self.ours.down()
        self.assert_gone()

    def test_a_service_manager_hears_how_it_is(self):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        manager = self.enter(ServiceManager(self.folder / "notify"))
        child = manager.start(self.host, "env", "WATCHDOG_USEC=400000", product_binary(), "up",
                              "--foreground", self.ours.path)
        self.addCleanup(child.kill)
        self.assertIn(f"STATUS={self.name} is up", manager.hear("READY=1")[1])
        for _ in range(3):
            manager.hear("WATCHDOG=1")
        daemon = wait_until(self.ours.daemon, 5, "a daemon")
        os.kill(daemon, signal.SIGSTOP)
        with self.assertRaises(TimeoutError):
            # One may be under way.
            manager.socket.settimeout(1)
            manager.hear("WATCHDOG=1"), manager.hear("WATCHDOG=1")
        os.kill(daemon, signal.SIGCONT)
        manager.socket.settimeout(15)
        manager.hear("WATCHDOG=1")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=10), 0)
        manager.hear("STOPPING=1")
        self.assert_gone()

    def start_service(self, manager):
        child = manager.start(self.host, product_binary(), "up", "--foreground", self.ours.path)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        manager.hear("READY=1")
        return child

    def test_programs_inside_keep_their_connections_over_a_restart(self):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        manager = self.enter(ServiceManager(self.folder / "notify"))
        child = self.start_service(manager)
        self.assertEqual(len(manager.kept), 1)
        server = self.enter(socket_inside(self.provider))
        client = self.enter(socket_inside(self.name))
        inside_still = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        self.addCleanup(os.close, inside_still)
        server.bind((PEER_V4, STREAM_PORT))
        server.listen()
        client.settimeout(30)
        client.connect((PEER_V4, STREAM_PORT))
        there, _ = server.accept()
        lines = self.enter(self.enter(there).makefile("rb"))
        for number, end in enumerate((signal.SIGTERM, signal.SIGKILL)):
            child.send_signal(end)
            child.wait(timeout=15)
            # Nobody reads the interface: it waits, or is sent again.
            told = f"while it is away, {number}\n".encode()
            client.sendall(told)
            child = self.start_service(manager)
            self.assertEqual(lines.readline(), told)
            there.sendall(b"and back\n")
            self.assertEqual(client.recv(100), b"and back\n")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=15), 0)
        self.assert_gone()
        # Stopped for good, it goes with what the manager kept.
        links = ["nsenter", f"--net=/proc/{os.getpid()}/fd/{inside_still}", "ip", "-o", "link"]
        self.assertIn(self.name, run(links).stdout)
        manager.let_go()
        wait_until(lambda: self.name not in run(links).stdout, 10, "the interface is gone")

    def test_an_interface_that_is_of_no_use_any_more_is_let_go(self):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        manager = self.enter(ServiceManager(self.folder / "notify"))
        child = self.start_service(manager)
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=15)
        self.ours.write(self.interface(InterfaceName="another"), self.towards_peer())
        child = self.start_service(manager)
        self.assertTrue(answers(self.name, PEER_V4))
        links = run(inside(self.name, "ip", "-o", "link")).stdout
        self.assertIn("another", links)
        self.assertNotIn(self.name, links)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=15), 0)
        self.assert_gone()

    def test_foreground_ends_with_sigterm(self):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        with foreground(self.ours) as child:
            inside = lambda: self.name in entries("/run/netns")  # noqa: E731
            wait_until(inside, 15, "the namespace")
            wait_until(lambda: answers(self.name, PEER_V4), 15, "the tunnel carries")
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(timeout=15), 0)
        self.assert_gone()


if __name__ == "__main__":
    harness.main()
