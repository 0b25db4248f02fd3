#!/usr/bin/env python3
"""`run`: one command in a throw-away tunnel, by a user who is not root and by root."""

import contextlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness
from harness import HOST_V4, PREFIX, PROVIDER_V4, entries, inside, process, run, wait_until
from peers import configuration, write_private
from tunnel import OUR_V4, PEER_V4, TunnelTest

UID = GID = 1000
REFUSED, NOT_EXECUTABLE, NOT_FOUND, SIGNALLED = 125, 126, 127, 128
FOLDER = Path(__file__).parent
MARK = "in-the-clear"
PORT = 8007
# The folders of another PATH may not be everybody's.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
AS_USER = ["env", f"PATH={PATH}", "setpriv", f"--reuid={UID}", f"--regid={GID}", "--clear-groups"]
PYTHON = "/usr/bin/python3"
KINDS = ("net", "user", "pid", "mnt")
# Answers a connection with the address that it came from.
WHOAMI = """\
import socket, sys
with socket.create_server(("", int(sys.argv[1]))) as server:
    print("ready", flush=True)
    while True:
        one, who = server.accept()
        with one:
            one.sendall(who[0].encode())
"""
ASK = """\
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as one:
    print(one.recv(100).decode())
"""
# Tells what comes until it is told to end, with a status of its own.
SIGNALS = """\
import signal, sys, time
def told(number, frame):
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM:
        sys.exit(7)
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(each, told)
print("ready", flush=True)
while True:
    signal.pause()
"""


def namespaces_of(pid):
    with contextlib.suppress(OSError):
        return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}
    return set()


def all_namespaces():
    return set().union(*(namespaces_of(name) for name in os.listdir("/proc") if name.isdigit()))


def state_of(name, session):
    """Of that program of the session, as /proc has it; "" where there is none."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            state, _, _, its_session = tail.split()[:4]
            if head.endswith(f"({name}") and int(its_session) == session:
                return state
    return ""


class Run(TunnelTest):
    def setUp(self):
        self.make_a_binary_for_everybody()
        self.make_tun_for_everybody()
        super().setUp()
        self.folder.chmod(0o755)
        self.addCleanup(self.check_namespaces, all_namespaces())
        self.configure_peer()

    def make_a_binary_for_everybody(self):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        before = os.environ.get("WGNS_BINARY")
        binary = shutil.copy(harness.product_binary(), folder / "wgns-user")
        os.environ["WGNS_BINARY"] = str(binary)
        if before:
            self.addCleanup(os.environ.__setitem__, "WGNS_BINARY", before)

    def make_tun_for_everybody(self):
        """In this machine alone (seclusion.py)."""
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/dev/net"])
        self.addCleanup(run, ["umount", "/dev/net"])
        run(["mknod", "-m", "666", "/dev/net/tun", "c", "10", "200"])

    def check_namespaces(self, before):
        with contextlib.suppress(AssertionError):
            wait_until(lambda: all_namespaces() <= before, 10, "no namespace is left")
        self.assertLessEqual(all_namespaces(), before)

    def write(self, interface=None, peer=None, owner=UID):
        text = configuration({"PrivateKey": self.ours.private,
                              **self.interface(DNS=PEER_V4, **(interface or {}))},
                             self.towards_peer(**(peer or {})))
        write_private(self.ours.path, text)
        os.chown(self.ours.path, owner, owner)
        return self.ours.path

    def words(self, *words, user=AS_USER, before=(), options=()):
        command = [*user, *before, harness.product_binary(), "run", *options, self.ours.path,
                   "--", *words]
        return inside(self.host, *command)

    def call(self, *words, **more):
        return run(self.words(*words, **more), check=False, timeout=60)

    def told(self, *words, **more):
        done = self.call(*words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def python(self, program, *words):
        return [PYTHON, "-c", program, *words]

    def serve(self):
        """The peer's service that tells where it is asked from."""
        log = self.folder / "whoami.log"
        self.enter(process(inside(self.provider, *self.python(WHOAMI, PORT)), log))
        wait_until(lambda: "ready" in log.read_text(), 10, "the service listens")

    def start(self, *words, **more):
        """In the background, once the command has said that it is ready."""
        self.log = self.folder / "run.log"
        child = self.enter(process(self.words(*words, **more), self.log))
        wait_until(lambda: "ready" in self.log.read_text() or child.poll() is not None, 20,
                   "the command runs")
        self.assertIsNone(child.poll(), self.log.read_text())
        return child

    def processes(self):
        """The one that was called, the keeper, the daemon and the first process of the command."""
        pids = harness.product_pids()
        names = {pid: Path(f"/proc/{pid}/cmdline").read_text().split("\0")[1] for pid in pids}
        keeper, daemon = (next(pid for pid in pids if names[pid] == word)
                          for word in ("keep", "daemon"))
        outer = harness.parent_of(keeper)
        (first,) = pids - {keeper, daemon, outer}
        return {"outer": outer, "keeper": keeper, "daemon": daemon, "first": first}

    def test_the_address_inside_is_the_tunnels(self):
        self.serve()
        self.write()
        ask = self.python(ASK, PEER_V4, PORT)
        for user in (AS_USER, []):
            with self.subTest(user):
                self.assertEqual(self.told(*ask, user=user), f"{OUR_V4}\n")
                without = run(inside(self.host, *self.python(ASK, PROVIDER_V4, PORT))).stdout
                self.assertEqual(without, f"{HOST_V4}\n")

    def test_what_the_command_sees(self):
        self.write()
        resolver = Path("/etc/resolv.conf")
        resolver.unlink(missing_ok=True)
        resolver.write_text("nameserver 192.0.2.1\n")
        nscd = Path("/run/nscd")
        nscd.mkdir()
        self.addCleanup(nscd.rmdir)
        script = ("cat /etc/resolv.conf; echo $WGNS_NAME; ls /sys/class/net; ls -d /run/nscd;"
                  " pwd; id -u; id -g; echo $EXTRA; cat /proc/1/comm;"
                  " grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f 2 | sort -u")
        for user, uid, capabilities in ((AS_USER, UID, 1), ([], 0, 2)):
            with self.subTest(user):
                command = self.words("sh", "-c", script, user=user, before=["env", "EXTRA=yes"])
                done = subprocess.run([str(word) for word in command], cwd=self.folder,
                                      capture_output=True, text=True, timeout=60, check=False)
                lines = done.stdout.splitlines()
                self.assertEqual(
                    lines[:-capabilities],
                    [f"nameserver {PEER_V4}", self.name, "lo", self.name, str(self.folder),
                     str(uid), str(uid), "yes", "wgns-user"], done.stderr)
                self.assertEqual(lines[-capabilities], "0" * 16)
        self.assertEqual(entries("/etc/netns"), [])

    def test_the_firewall_and_the_rules_of_the_user(self):
        self.write({"ExtraFirewallRules": "add rule inet my_table my_input iif wgtc counter"})
        self.assertIn("my_output", self.told("nft", "list", "ruleset", user=[]))
        # By its own file's capabilities nothing is had, so the rules are what keep this out.
        done = self.call("nft", "flush", "ruleset")
        self.assertNotEqual(done.returncode, 0)

    def test_a_file_of_the_users_for_the_namespace(self):
        self.write()
        files = Path(f"/etc/netns/{self.name}")
        files.mkdir(parents=True)
        self.addCleanup(os.rmdir, "/etc/netns")
        self.addCleanup(shutil.rmtree, files)
        (files / "hosts").write_text("192.0.2.7 of-the-namespace\n")
        self.assertIn("192.0.2.7", self.told("getent", "hosts", "of-the-namespace"))
        (files / "resolv.conf").write_text("nameserver 192.0.2.9\n")
        done = self.call("true")
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(f"{files}/resolv.conf", done.stderr)

    def test_a_tunnel_through_the_tunnel(self):
        self.write()
        inner = self.folder / "inner.conf"
        shutil.copy(self.ours.path, inner)
        os.chown(inner, UID, UID)
        told = self.told(harness.product_binary(), "run", inner, "--", "ls", "/sys/class/net")
        self.assertEqual(told.split(), ["inner", "lo"])

    def test_nothing_of_ours_is_within_reach(self):
        self.write()
        attach = ("import ctypes, os, sys\n"
                  "fds = sorted(os.listdir('/proc/self/fd'))\n"
                  "pids = [name for name in os.listdir('/proc') if name.isdigit()]\n"
                  "libc = ctypes.CDLL(None, use_errno=True)\n"
                  "print(len(fds), len(pids), libc.ptrace(16, 1, 0, 0), ctypes.get_errno())\n")
        # Its own three and the folder; the first process and itself; PTRACE_ATTACH: EPERM.
        self.assertEqual(self.told(*self.python(attach)), "4 2 -1 1\n")

    def test_exit_status(self):
        self.write()
        plain = self.folder / "plain"
        plain.write_text("")
        plain.chmod(0o644)
        for number, (words, status) in enumerate([
            (["true"], 0),  # 1
            (["sh", "-c", "exit 42"], 42),  # 2
            (["sh", "-c", "kill -9 $$"], SIGNALLED + signal.SIGKILL),  # 3
            (["sh", "-c", "kill -TERM $$"], SIGNALLED + signal.SIGTERM),  # 4
            ([plain], NOT_EXECUTABLE),  # 5
            (["no-such-command-here"], NOT_FOUND),  # 6
        ], 1):
            with self.subTest(number):
                done = self.call(*words)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertEqual(done.stderr.count("\n"), int(status in (126, 127)), done.stderr)

    def test_signals(self):
        self.write()
        child = self.start(*self.python(SIGNALS))
        outer = self.processes()["outer"]
        for number, name in enumerate(["SIGUSR1", "SIGHUP", "SIGINT"], 1):
            os.kill(outer, signal.Signals[name])
            wait_until(lambda: len(self.log.read_text().split()) > number, 10, name)  # noqa: B023
        os.kill(outer, signal.SIGTERM)
        self.assertEqual(child.wait(timeout=10), 7)
        self.assertEqual(self.log.read_text().split(),
                         ["ready", "SIGUSR1", "SIGHUP", "SIGINT", "SIGTERM"])

    def test_a_job_is_stopped_and_goes_on(self):
        self.write()
        expect, terminal, pid = self.talk(["bash", "--norc", "-i"])
        words = " ".join(f"'{word}'" for word in self.words("sh", "-c", 'echo in""side; cat'))
        expect(b"# ")
        os.write(terminal, f"{words}\n".encode())
        expect(b"inside\r\n")
        wait_until(lambda: state_of("cat", pid) == "S", 20, "the job waits for what is typed")
        os.write(terminal, b"\x1a")
        expect(b"Stopped")
        expect(b"# ")
        # One that reads when ^Z comes still takes what is typed until it stops.
        wait_until(lambda: state_of("cat", pid) == "T", 20, "the job is stopped")
        os.write(terminal, b"fg\n")
        expect(b"; cat")
        os.write(terminal, b"there and back\n")
        expect(b"there and back\r\nthere and back\r\n")
        os.write(terminal, b"\x04")
        expect(b"# ")
        os.write(terminal, b"exit $?\n")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def talk(self, command):
        """Runs it on a terminal of its own; returns how to wait for a text, the terminal and the
        pid."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp(command[0], [str(word) for word in command])
        self.addCleanup(os.close, terminal)
        seen = b""

        def expect(text):
            nonlocal seen
            while text not in seen:
                ready, _, _ = select.select([terminal], [], [], 20)
                self.assertTrue(ready, seen)
                try:
                    seen += os.read(terminal, 4096)
                except OSError:
                    self.fail(f"{seen} {os.waitpid(pid, 0)}")
            seen = seen.partition(text)[2]

        return expect, terminal, pid

    def test_a_terminal(self):
        self.write()
        # Behind it a program that reads from the terminal, as a script's next one would.
        script = '"$@"; echo status $?; read line; echo got $line'
        command = ["sh", "-c", script, "sh", *self.words("bash", "--norc", "-i")]
        expect, terminal, pid = self.talk(command)
        # What is typed while a program begins or ends may be thrown away.
        expect(b"$ ")
        os.write(terminal, b"sh -c 'echo in\"\"side; exec cat'\n")
        expect(b"inside")
        os.write(terminal, b"\x03")
        expect(b"$ ")
        os.write(terminal, b"echo again $?; tty > /dev/null && echo has''tty\n")
        expect(b"again 130")
        expect(b"hastty")
        expect(b"$ ")
        os.write(terminal, b"exit 5\n")
        expect(b"status 5")
        os.write(terminal, b"more\n")
        expect(b"got more")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def test_whoever_is_killed_nothing_is_left(self):
        self.write()
        script = "setsid sleep 1000 & echo ready; exec sleep 1000"
        for victim in ("outer", "keeper", "first", "the command"):
            with self.subTest(victim):
                before = harness.snapshot()
                namespaces = all_namespaces()
                child = self.start("sh", "-c", script)
                pids = self.processes()
                (command,) = (int(name) for name in os.listdir("/proc") if name.isdigit()
                              and harness.parent_of(name) == pids["first"]
                              and b"setsid" not in Path(f"/proc/{name}/cmdline").read_bytes()
                              and os.getsid(int(name)) != int(name))
                os.kill(pids.get(victim, command), signal.SIGKILL)
                status = child.wait(timeout=10)
                self.assertEqual(status, REFUSED if victim == "keeper" else
                                 -9 if victim == "outer" else SIGNALLED + 9)
                self.check_namespaces(namespaces)
                self.check_untouched(before)
                self.log.unlink()

    def test_killed_at_any_moment_nothing_is_left(self):
        self.write({"PostUp": "true"})
        before, namespaces = harness.snapshot(), all_namespaces()
        for milliseconds in range(0, 240, 15):
            with self.subTest(milliseconds):
                child = self.enter(process(self.words("sleep", 1000), self.folder / "run.log"))
                time.sleep(milliseconds / 1000)  # a moment, whichever that is
                child.kill()
                child.wait(timeout=10)
                self.check_namespaces(namespaces)
                self.check_untouched(before)

    def test_the_daemon_is_killed(self):
        self.serve()
        self.write()
        script = f"echo ready; read go; ping -c 1 -w 15 {PEER_V4} > /dev/null && echo carries"
        feed, ours = os.pipe()
        with open(self.folder / "run.log", "wb") as log:
            child = subprocess.Popen([str(w) for w in self.words("sh", "-c", script)],
                                     stdin=feed, stdout=log, stderr=log)
        self.addCleanup(harness.end_process, child)
        log = self.folder / "run.log"
        wait_until(lambda: "ready" in log.read_text(), 20, "the command runs")
        old = self.processes()["daemon"]
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: set(harness.product_pids()) - {old} and "again" in log.read_text(), 10,
                   "the daemon's end is told")
        os.write(ours, b"go\n")
        self.assertEqual(child.wait(timeout=30), 0, log.read_text())
        self.assertIn("carries", log.read_text())

    def test_nothing_is_seen_outside(self):
        """With a peer that answers, and with one that is dead."""
        seen = self.folder / "seen"
        words = [sys.executable, "-B", FOLDER / "capture.py", MARK, seen]
        self.enter(process(inside(self.host, *words), self.folder / "capture.log"))
        wait_until(lambda: seen.exists() and seen.read_text(), 10, "the capture runs")
        self.write(peer={"AllowedIPs": "0.0.0.0/0, ::/0"})
        targets = [PEER_V4, PROVIDER_V4, HOST_V4, "198.51.100.7", "2001:db8::7"]
        program = shutil.copy(FOLDER / "send_marked.py", self.folder)
        send = [PYTHON, "-B", program, MARK, 2, *targets]
        for kill in (False, True):
            if kill:
                os.kill(self.peer.pid(), signal.SIGTERM)
                wait_until(lambda: not self.peer.is_ready(), 10, "the peer is gone")
            self.call(*send)
            packets, marked = wait_until(lambda: seen.read_text().split(), 5, "counts")
            self.assertGreater(int(packets), 0)
            self.assertEqual(int(marked), 0)

    def test_hooks(self):
        told = self.folder / "told"
        told.touch()
        told.chmod(0o666)
        hook = lambda word: f"echo {word} $(ls /sys/class/net | wc -l) >> {told}"  # noqa: E731
        self.write({"PreUp": "ip link show %i", "PostUp": [hook("up"), "ip link set %i mtu 1300"],
                    "PreDown": hook("down"), "PostDownHost": f"echo host >> {told}"})
        done = self.call("sh", "-c", f"cat /sys/class/net/*/mtu; echo command >> {told}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1300", done.stdout)
        self.assertEqual(told.read_text().splitlines(), ["up 2", "command", "down 2", "host"])
        self.write({"PostUp": "false", "PostDownHost": f"echo undone >> {told}"})
        done = self.call("sh", "-c", f"echo command >> {told}")
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("PostUp", done.stderr)
        self.assertEqual(told.read_text().splitlines()[4:], ["undone"])

    def test_publish(self):
        self.write({"Publish": f"{HOST_V4}:8080 -> 8080"})
        self.start("sh", "-c", f"exec {PYTHON} -c '{WHOAMI}' 8080")
        answer = run(inside(self.host, *self.python(ASK, HOST_V4, 8080))).stdout
        self.assertEqual(answer, "127.0.0.1\n")

    def test_as_whom_root_runs(self):
        self.write()
        whole = ("sh", "-c", "echo $(id -u) $(id -g)")
        under_sudo = ["env", f"SUDO_UID={UID}", f"SUDO_GID={GID}"]
        table = [
            ((), (), "0 0"),  # 1
            (under_sudo, (), f"{UID} {GID}"),  # 2
            (under_sudo, ("--user", "root"), "0 0"),  # 3
            ((), ("--user", "4713:4714"), "4713 4714"),  # 4
        ]
        for number, (before, options, expected) in enumerate(table, 1):
            with self.subTest(number):
                told = self.told(*whole, user=[], before=before, options=options)
                self.assertEqual(told.strip(), expected)
        done = self.call("true", options=("--user", "root"))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("root", done.stderr)

    def assert_refused(self, done, *words, status=REFUSED):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_what_is_missing_is_named(self):
        self.write()
        never = self.folder / "never"
        os.chmod("/dev/net/tun", 0o600)
        self.assert_refused(self.call("touch", never), "/dev/net/tun", "sudo")
        os.chmod("/dev/net/tun", 0o666)
        # A limit of the test's own, which holds for the namespaces of one that it makes.
        limit = "/proc/sys/user/max_user_namespaces"
        forbid = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
                  f"echo 0 > {limit} && exec setpriv --ambient-caps -all --inh-caps -all \"$@\"",
                  "sh"]
        self.assert_refused(self.call("touch", never, before=forbid), "user namespaces", "sudo",
                            "user.max_user_namespaces")
        self.assertFalse(never.exists())

    def test_wrong_input(self):
        self.assert_refused(self.call("true"), str(self.ours.path))
        self.write()
        binary = harness.product_binary()
        usage = run(inside(self.host, *AS_USER, binary, "run", self.ours.path), check=False)
        self.assert_refused(usage, "command", status=2)
        usage = run(inside(self.host, *AS_USER, binary, "run"), check=False)
        self.assert_refused(usage, "config", status=2)
        self.write({"SocketNamespace": self.provider})
        self.assert_refused(self.call("true"), "SocketNamespace", "root")
        self.write({"FwMark": 7})
        self.assert_refused(self.call("true"), "FwMark")
        self.write({"Publish": f"{HOST_V4}:80 -> 80"})
        self.assert_refused(self.call("true"), "Publish", "root")

    def test_an_endpoint_that_is_a_name(self):
        Path("/etc/hosts").write_text(f"{PROVIDER_V4} peer.example.org\n")
        self.write(peer={"Endpoint": "peer.example.org:51820"})
        self.assertIn("1 received", self.told("ping", "-c", 1, "-w", 15, PEER_V4))


if __name__ == "__main__":
    harness.main()
