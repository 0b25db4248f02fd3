#!/usr/bin/env python3
"""`top`: one frame in a pipe, the live view in a terminal of its own, and in a shell by tmux."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import harness
from harness import inside, ping, product_binary, run, wait_until
from tunnel import PEER_V4, PROVIDER_V4, TunnelTest

USAGE, NO_SUCH_INSTANCE = 2, 3


class Terminal:
    """A program in a pseudo-terminal of so many rows and columns; a context manager."""

    def __init__(self, command, rows=24, columns=100, term="xterm-256color"):
        self.command = [str(word) for word in command]
        self.size = rows, columns
        self.environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8"}
        self.screen = b""

    def __enter__(self):
        self.ours, theirs = pty.openpty()
        self.resize(*self.size)
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.child = subprocess.Popen(
            self.command, stdin=theirs, stdout=theirs, stderr=theirs, env=self.environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        return self

    def __exit__(self, *_):
        harness.end_process(self.child)
        os.close(self.theirs)
        os.close(self.ours)

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.ours, keys)

    def read_until(self, pattern, seconds=20):
        """Reads until what came from now on matches; returns the match."""
        got, end = b"", time.monotonic() + seconds
        while not (found := re.search(pattern, got, re.DOTALL)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.ours], [], [], left)[0]:
                raise AssertionError(f"waited in vain for {pattern}: {got[-2000:]}")
            got += os.read(self.ours, 65536)
        self.screen += got
        return found

    def wait(self):
        """The exit status, once it has ended; reads what it has to say until then."""
        end = time.monotonic() + 15
        while self.child.poll() is None and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.05)[0]:
                self.screen += os.read(self.ours, 65536)
        while select.select([self.ours], [], [], 0.2)[0]:
            self.screen += os.read(self.ours, 65536)
        return self.child.returncode

    def is_as_before(self):
        return termios.tcgetattr(self.theirs) == self.before


class Multiplexer:
    """A shell with job control in a terminal that tmux draws; a context manager."""

    def __init__(self, where, folder, rows=24, columns=100):
        self.command = inside(where, "tmux", "-f", "/dev/null", "-S", folder / "tmux")
        self.size = ["-x", columns, "-y", rows]

    def __enter__(self):
        shell = ["env", "PS1=ready> ", "bash", "--norc", "--noprofile", "-i"]
        run([*self.command, "-u", "new-session", "-d", *self.size, *shell])
        self.wait_for(r"\Aready>\Z")
        return self

    def __exit__(self, *_):
        run([*self.command, "kill-server"], check=False)

    def resize(self, rows, columns):
        run([*self.command, "resize-window", "-x", columns, "-y", rows])

    def type(self, *keys):
        run([*self.command, "send-keys", *keys])

    def wait_for(self, pattern):
        """Waits until what is to be seen has the pattern; returns that."""
        def seen():
            text = run([*self.command, "capture-pane", "-p"]).stdout.rstrip("\n")
            return text if re.search(pattern, text) else None
        return wait_until(seen, 20, f"to see {pattern}")


class Top(TunnelTest):
    def top(self, *words, **more):
        command = [product_binary(), "top", *words]
        return self.enter(Terminal(inside(self.host, *command), **more))

    def assert_restored(self, terminal):
        self.assertTrue(terminal.is_as_before())
        # It left the second screen, and shows the cursor.
        self.assertGreater(terminal.screen.rfind(b"\x1b[?1049l"),
                           terminal.screen.rfind(b"\x1b[?1049h"))
        self.assertGreater(terminal.screen.rfind(b"\x1b[?25h"), terminal.screen.rfind(b"\x1b[?25l"))

    def test_once_in_a_pipe(self):
        self.connect(Name="office")
        ping(self.name, PEER_V4)
        done = self.ours.call("top", self.name, "--once")
        self.assertNotIn("\x1b", done.stdout)
        self.assertRegex(done.stdout, rf"\A{self.name}  port \d+, \w+, \w+\n")
        self.assertRegex(done.stdout, r"(?m)^  office +in +[\d.]+ (?:B|KiB)/s")
        self.assertRegex(done.stdout, rf"(?m)^    {PROVIDER_V4}:51820 +out +[\d.]+ (?:B|KiB)/s")
        self.assertRegex(done.stdout, r"(?m)^    handshake (?:now|\d+ seconds? ago)$")
        every = self.ours.call("top", "--once").stdout
        self.assertIn(f"{self.name}  port ", every)

    def test_no_such_instance_and_no_terminal(self):
        done = self.ours.call("top", "nobody", "--once", check=False)
        self.assertEqual(done.returncode, NO_SUCH_INSTANCE)
        done = self.ours.call("top", check=False)
        self.assertEqual(done.returncode, USAGE)
        self.assertRegex(done.stderr, r"\Awgns-user: top: .*terminal.*--once.*\n\Z")

    def test_live_and_quit(self):
        self.connect(Name="office")
        terminal = self.top(self.name)
        terminal.read_until(rb"office.*q quits")
        # The view goes on by itself: traffic shows in a later frame.
        ping(self.name, PEER_V4)
        terminal.read_until("(?:▁|▂|▃|▄|▅|▆|▇|█)".encode())
        terminal.type(b"q")
        self.assertEqual(terminal.wait(), 0)
        self.assert_restored(terminal)

    def test_a_signal_restores_the_terminal(self):
        self.connect()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            terminal = self.top(self.name)
            terminal.read_until(rb"q quits")
            os.kill(terminal.child.pid, number)
            self.assertEqual(terminal.wait(), 0, number)
            self.assert_restored(terminal)

    def test_in_a_shell_under_tmux(self):
        self.connect(Name="office")
        tmux = self.enter(Multiplexer(self.host, self.folder))
        tmux.type(f"{product_binary()} top {self.name}", "Enter")
        view = rf"\A{self.name}  port \d+.*\n(?s:.*)  office +in (?s:.*)\n q quits, arrows scroll\Z"
        tmux.wait_for(view)
        ping(self.name, PEER_V4)
        tmux.wait_for("[▁▂▃▄▅▆▇█]")
        tmux.type("C-z")
        tmux.wait_for(r"(?s)ready> .* top .*Stopped.*ready>\Z")
        tmux.type("fg", "Enter")
        tmux.wait_for(view)
        tmux.resize(6, 40)
        seen = tmux.wait_for(r"\A(?:.*\n){5} q quits, arrows scroll\Z")
        self.assertLessEqual(max(map(len, seen.splitlines())), 40)
        tmux.resize(24, 100)
        tmux.wait_for(view)
        tmux.type("q")
        tmux.type("echo status $?", "Enter")
        seen = tmux.wait_for(r"(?m)^status 0$")
        # What was there before is there again, and nothing of the view.
        self.assertRegex(seen, r"\Aready> .* top ")
        self.assertNotIn("office", seen)

    def test_a_new_size(self):
        self.connect(Name="office")
        terminal = self.top(self.name)
        terminal.read_until(rb"q quits")
        terminal.resize(4, 20)
        terminal.read_until(rb"q quits, arrows s")
        terminal.resize(1, 1)
        terminal.resize(40, 200)
        terminal.read_until(rb"handshake.*q quits")
        terminal.type(b"\x1b[B\x1b[A q")
        self.assertEqual(terminal.wait(), 0)

    def test_an_instance_that_goes_and_comes(self):
        self.connect()
        terminal = self.top()
        terminal.read_until(self.name.encode())
        self.ours.down()
        terminal.read_until(rb"no instance is there")
        terminal.type(b"q")
        self.assertEqual(terminal.wait(), 0)

    def test_terminals_without_colours_and_unknown_ones(self):
        self.connect()
        terminal = self.top(self.name, term="vt100")
        terminal.read_until(rb"q quits")
        terminal.type(b"q")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotRegex(terminal.screen, rb"\x1b\[[0-9;]*3[0-9]m")
        unknown = self.top(self.name, term="no-such-terminal")
        self.assertEqual(unknown.wait(), 1)
        self.assertIn(b"--once", unknown.screen)

    def test_a_terminal_that_is_gone(self):
        self.connect()
        terminal = self.top(self.name)
        terminal.read_until(rb"q quits")
        os.close(terminal.ours)
        terminal.ours = os.open("/dev/null", os.O_RDONLY)
        self.assertEqual(terminal.child.wait(timeout=15), 0)


if __name__ == "__main__":
    harness.main()
