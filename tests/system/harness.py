"""What the system tests stand on: two network namespaces of their own, joined by a veth pair,
and processes that are started, watched and ended by pid. Nothing outside them is touched.

        H ("host", where wgns-user runs)                  P ("provider", the peer)
        up0  10.77.0.1/24, fd77::1/64  ──── veth ────  up0  10.77.0.2/24, fd77::2/64

Commands enter a namespace with nsenter --net, never with `ip netns exec`: that would give them a
mount namespace of their own, in which a new /run/netns/NAME stays invisible to everybody else.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import seclusion

SKIPPED = 77  # CTest's SKIP_RETURN_CODE
PREFIX = "wgt"
HOST_V4, PROVIDER_V4 = "10.77.0.1", "10.77.0.2"
HOST_V6, PROVIDER_V6 = "fd77::1", "fd77::2"


class CommandFailed(AssertionError):
    """A command of the harness, not of the test's subject, ended badly."""


def run(command, timeout=30, check=True, text_in=None):
    """Runs to the end and returns the CompletedProcess; its output is text."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text_in,
        stdin=subprocess.DEVNULL if text_in is None else None,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if check and done.returncode != 0:
        told = f"{done.stdout}{done.stderr}".strip()
        raise CommandFailed(f"{' '.join(done.args)}: status {done.returncode}: {told}")
    return done


def wait_until(predicate, seconds, what):
    """Polls until predicate() is true and returns its value; fails once `seconds` have passed."""
    end = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)


def entries(folder):
    """Sorted names; a folder that is not there reads like an empty one."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return sorted(os.listdir(folder))
    return []


def product_binary():
    return Path(os.environ.get("WGNS_BINARY", "build/release/wgns-user")).resolve()


def is_product(pid):
    # A binary that was rebuilt meanwhile reads "PATH (deleted)".
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") == str(product_binary())
    return False


def product_pids():
    """Pids of every process that runs the binary under test; zombies do not count."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit() and is_product(name)}


def has_ended(pid):
    """Also one that nobody has waited for yet: no thread of it has its descriptors any more. What
    it runs is lost some time before that."""
    for path in Path("/proc", str(pid), "task").glob("*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[0] not in "ZX":
                return False
    return True


def parent_of(pid):
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def snapshot():
    """What `up` could leave behind on the machine; two of these must be equal."""
    return {
        "namespaces": sorted(run(["ip", "netns", "list"]).stdout.splitlines()),
        "links": entries("/sys/class/net"),
        "products": sorted(product_pids()),
        **{folder: entries(folder) for folder in
           ("/etc/netns", "/run/netns", "/run/wgns-user", "/run/wireguard")},
    }


def inside(namespace, *command):
    """The command line that runs `command` in a named network namespace."""
    return ["nsenter", f"--net=/run/netns/{namespace}", *map(str, command)]


@contextlib.contextmanager
def process(command, log_path):
    """A background process with its output in a file; ended by pid on the way out."""
    with open(log_path, "ab") as log:
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    try:
        yield child
    finally:
        end_process(child)


def end_process(child):
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(timeout=10)


@contextlib.contextmanager
def namespace(name):
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        yield name
    finally:
        run(["ip", "netns", "del", name])


def add_address(where, device, address):
    """Usable at once: duplicate address detection would make IPv6 wait."""
    nodad = ["nodad"] if ":" in address else []
    run(["ip", "-n", where, "addr", "add", address, "dev", device, *nodad])


def remove_address(where, device, address):
    run(["ip", "-n", where, "addr", "del", address, "dev", device])


@contextlib.contextmanager
def topology(suffix=""):
    """Yields the names (H, P) of the two joined namespaces; a suffix tells several pairs apart."""
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(namespace(f"{PREFIX}h{suffix}"))
        provider = stack.enter_context(namespace(f"{PREFIX}p{suffix}"))
        peer = ["peer", "name", "up0", "netns", provider]
        run(["ip", "-n", host, "link", "add", "up0", "type", "veth", *peer])
        for where, v4, v6 in ((host, HOST_V4, HOST_V6), (provider, PROVIDER_V4, PROVIDER_V6)):
            add_address(where, "up0", f"{v4}/24")
            add_address(where, "up0", f"{v6}/64")
            run(["ip", "-n", where, "link", "set", "up0", "up"])
        yield host, provider


def ping(where, address, count=3, seconds=15):
    """Sends until `count` echoes were answered; the first ones may wait for a handshake."""
    command = ["ping", "-n", "-i", "0.2", "-c", count, "-w", seconds, address]
    done = run(inside(where, *command), timeout=seconds + 10, check=False)
    if done.returncode != 0:
        raise AssertionError(f"no answer from {address} in {where}:\n{done.stdout}{done.stderr}")
    return done.stdout


def answers(where, address):
    """Whether one echo is answered within a second: a predicate for wait_until."""
    command = ["ping", "-n", "-c", 1, "-W", 1, address]
    return run(inside(where, *command), check=False).returncode == 0


class SystemTest(unittest.TestCase):
    """One joined pair of namespaces a test, and proof that the test left the machine as it was."""

    needs_product = True

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        if self.needs_product:
            self.assertTrue(product_binary().exists(), f"no {product_binary()}")
        before = snapshot()
        # Clean-ups run last in, first out: this one after everything the test has made is gone.
        self.addCleanup(self.check_untouched, before)
        self.folder = Path(self.enter(tempfile.TemporaryDirectory(prefix=PREFIX)))
        self.host, self.provider = self.enter(topology())

    def enter(self, context):
        """Enters a context that ends with the test."""
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def check_untouched(self, before):
        # Processes and namespaces may take a moment to be gone after the command that ends them.
        with contextlib.suppress(AssertionError):
            wait_until(lambda: snapshot() == before, 10, "nothing left behind")
        self.assertEqual(snapshot(), before)


def main():
    """`FILE [CLASS.TEST]`: tells CTest a skip from a pass."""
    seclusion.enter()
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if program.result.skipped or not program.result.testsRun else 0)
