#!/usr/bin/env python3
"""The systemd unit: well formed, seen by everybody, hardened, and enough for the product."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import harness  # noqa: E402
from harness import SystemTest, entries, inside, product_binary, run, wait_until  # noqa: E402

UNIT = ROOT / "packaging/systemd/wgns-user@.service"
# Of 10; what stands above 5 is what comes with being root and without mounts of one's own.
EXPOSURE_MAX = 5.3
# What makes systemd 252 give a unit a mount namespace (systemd.exec(5), and exec_needs_mount_
# namespace() in its src/core/execute.c); PrivateNetwork= since 254.
PRIVATE_MOUNTS = set(
    """PrivateTmp PrivateDevices PrivateMounts PrivateIPC IPCNamespacePath MountFlags PrivateUsers
    ProtectSystem ProtectHome ProtectProc ProcSubset ProtectControlGroups ProtectKernelTunables
    ProtectKernelModules ProtectKernelLogs ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths
    NoExecPaths BindPaths BindReadOnlyPaths TemporaryFileSystem DynamicUser RootDirectory RootImage
    MountImages ExtensionImages ExtensionDirectories LogNamespace PrivateNetwork
    NetworkNamespacePath""".split()
)


def settings():
    """{key: [value…]} of the unit, in the order of the file."""
    found = {}
    for line in UNIT.read_text().splitlines():
        match = re.match(r"([A-Za-z]+)=(.*)", line)
        if match:
            found.setdefault(match.group(1), []).append(match.group(2))
    return found


def words(key):
    return " ".join(settings()[key]).split()


def allowed_calls():
    """Every system call that SystemCallFilter= names, with its groups taken apart."""
    calls, groups = set(), words("SystemCallFilter")
    while groups:
        name = groups.pop()
        if not name.startswith("@"):
            calls.add(name)
            continue
        told = run(["systemd-analyze", "syscall-filter", name]).stdout.splitlines()[1:]
        groups += [line.strip() for line in told if line.strip() and "#" not in line]
    return calls


class Unit(SystemTest):
    def installed(self):
        """The unit as it is where the product is installed."""
        # Not named after the template alone: that is no unit that could be started.
        path = self.folder / "wgns-user@home.service"
        path.write_text(UNIT.read_text().replace("=wgns-user ", f"={product_binary()} "))
        return path

    def test_systemd_takes_it(self):
        done = run(["systemd-analyze", "verify", "--man=no", self.installed()], check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_it_is_hardened(self):
        template = shutil.copy(self.installed(), self.folder / "wgns-user@.service")
        threshold = f"--threshold={EXPOSURE_MAX * 10:.0f}"
        done = run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", threshold, template],
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_nothing_hides_the_namespace(self):
        self.assertEqual(set(settings()) & PRIVATE_MOUNTS, set())

    def test_it_waits_for_ready(self):
        self.assertEqual(settings()["Type"], ["notify"])
        self.assertEqual(settings()["WatchdogSec"], ["30"])
        # A queue for each worker, and what an earlier run had until it is let go.
        self.assertEqual(settings()["FileDescriptorStoreMax"], ["16"])

    def configure(self):
        private = run([product_binary(), "genkey"]).stdout
        public = run([product_binary(), "pubkey"], text_in=private).stdout.strip()
        text = f"[Interface]\nPrivateKey = {private}Address = 10.9.0.2/32, fd09::2/128\n"
        text += "DNS = 10.9.0.1\n[Peer]\nAllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = 10.77.0.2:7\n"
        path = self.folder / f"{harness.PREFIX}u.conf"
        path.write_text(f"{text}PublicKey = {public}\n")
        path.chmod(0o600)
        return path

    def test_what_it_leaves_is_enough(self):
        """`up` with the unit's capabilities, and by no system call that it forbids."""
        config, trace = self.configure(), self.folder / "calls"
        kept = "-all"
        for name in words("CapabilityBoundingSet"):
            kept += f",+{name.removeprefix('CAP_').lower()}"
        command = ["setpriv", "--bounding-set", kept, "--inh-caps", "-all", "--no-new-privs"]
        command += ["strace", "-f", "-qq", "-o", trace]
        command += [product_binary(), "up", "--foreground", config]
        with open(self.folder / "log", "w") as log:
            child = subprocess.Popen(
                [str(word) for word in inside(self.host, *command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.addCleanup(child.kill)
        told = lambda: (self.folder / "log").read_text()  # noqa: E731
        wait_until(lambda: " is up: " in told() or child.poll() is not None, 30, "READY")
        self.assertIn(config.stem, entries("/run/netns"), told())
        run([product_binary(), "down", config.stem])
        child.wait(timeout=15)
        self.assert_permitted(trace.read_text())

    def assert_permitted(self, trace):
        called = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace, re.MULTILINE))
        self.assertIn("io_uring_enter", called)
        self.assertEqual(called - allowed_calls(), set())
        entered = set(re.findall(r"\b(?:setns|unshare)\(.*?(CLONE_NEW\w+|0)\)", trace))
        kinds = {"net": "CLONE_NEWNET", "mnt": "CLONE_NEWNS"}
        self.assertLessEqual(entered, {kinds[name] for name in words("RestrictNamespaces")})


if __name__ == "__main__":
    harness.main()
