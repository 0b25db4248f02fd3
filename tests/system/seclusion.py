"""A machine of its own for each run of a test file: private mounts, processes and network, so that
tests of one binary may run side by side, and what a failed one leaves behind ends with it.

Without root there is no such thing; the tests skip themselves then.
"""

import os
import subprocess
import sys
import tempfile

INSIDE = "WGNS_TEST_SECLUDED"
NAMESPACES = ["--net", "--pid", "--mount", "--propagation", "private"]


def enter():
    """Returns inside, in a child of the new process namespace's init; exits with its status."""
    stage = os.environ.get(INSIDE)
    if os.geteuid() != 0 or stage == "child":
        return
    again = [sys.executable, "-B", *sys.argv]
    if stage is None:
        os.environ[INSIDE] = "init"
        os.execvp("unshare", ["unshare", *NAMESPACES, "--fork", "--kill-child", *again])
    furnish()
    os.environ[INSIDE] = "child"
    sys.exit(reap_until_end(subprocess.Popen(again)))


def furnish():
    """What the product writes to, and what tells of processes and links, in private."""
    for kind, path in (("proc", "/proc"), ("sysfs", "/sys")):
        mount("-t", kind, kind, path)
    # A copy, because the product and `ip` make folders in /etc.
    with tempfile.TemporaryDirectory(prefix="wgt-etc") as folder:
        mount("-t", "tmpfs", "tmpfs", folder)
        run("cp", "-a", "/etc", folder)
        mount("--bind", f"{folder}/etc", "/etc")
        run("umount", folder)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    run("ip", "link", "set", "lo", "up")


def mount(*words):
    run("mount", *words)


def run(*words):
    subprocess.run(words, check=True)


def reap_until_end(child):
    """The duty of a process namespace's init: whoever has lost its parent is ours to reap."""
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            return os.waitstatus_to_exitcode(status) & 0xFF
