#!/usr/bin/env python3
"""The Debian package: what is in it, what lintian says, and that it runs where nothing else is."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

import scratch_root
import tool

sys.path.insert(0, str(tool.ROOT / "tests/system"))

import seclusion  # noqa: E402

# The project has no address of its own to name.
NOT_OURS_TO_CURE = "bogus-mail-host,bogus-mail-host-in-debian-changelog"
EXPECTED = {
    "etc/wgns-user/": "drwx------",
    "usr/bin/wgns-user": "-rwxr-xr-x",
    "usr/lib/systemd/system/wgns-user@.service": "-rw-r--r--",
    "usr/lib/sysusers.d/wgns-user.conf": "-rw-r--r--",
    "usr/share/bash-completion/completions/wgns-user": "-rw-r--r--",
    "usr/share/wgns-user/grafana-dashboard.json": "-rw-r--r--",
    "usr/share/fish/vendor_completions.d/wgns-user.fish": "-rw-r--r--",
    "usr/share/zsh/vendor-completions/_wgns-user": "-rw-r--r--",
    "usr/share/man/man5/wgns-user.conf.5.gz": "-rw-r--r--",
    "usr/share/man/man8/wgns-user.8.gz": "-rw-r--r--",
    "usr/share/doc/wgns-user/README.md": "-rw-r--r--",
    "usr/share/doc/wgns-user/changelog.gz": "-rw-r--r--",
    "usr/share/doc/wgns-user/copyright": "-rw-r--r--",
}


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="package", dir=tool.build_folder())
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        tool.run(["cpack", "-G", "DEB", "-B", cls.folder], cwd=tool.build_folder(), timeout=120)
        (cls.package,) = cls.folder.glob("*.deb")

    def field(self, name):
        return tool.run(["dpkg-deb", "--field", self.package, name]).stdout.strip()

    def listing(self):
        told = tool.run(["dpkg-deb", "--contents", self.package]).stdout
        lines = [line.split() for line in told.splitlines()]
        self.assertEqual({line[1] for line in lines}, {"root/root"})
        return {line[-1].removeprefix("./"): line[0] for line in lines}

    def test_what_is_in_it(self):
        listing = self.listing()
        for path, mode in EXPECTED.items():
            self.assertEqual(listing.get(path), mode, path)
        more = {path for path in listing if not path.endswith("/")} - set(EXPECTED)
        self.assertTrue(all(path.endswith(".md") for path in more), more)

    def test_lintian(self):
        command = ["lintian", "--no-cfg", "--allow-root", "--fail-on=error"]
        done = tool.run(
            [*command, f"--suppress-tags={NOT_OURS_TO_CURE}", self.package], check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_it_depends_on_its_libraries(self):
        depends = self.field("Depends")
        for library in ("libc6", "libncursesw6", "libsodium23", "libnftables1", "liburing2"):
            self.assertRegex(depends, rf"\b{library} \(>=")

    def test_where_nothing_else_is(self):
        root = self.folder / "root"
        root.mkdir()
        scratch_root.make(root, self.field("Depends"))
        inside = ["chroot", root]
        (root / "tmp").mkdir(exist_ok=True)
        os.link(self.package, root / "tmp/wgns-user.deb")
        tool.run([*inside, "dpkg", "--install", "/tmp/wgns-user.deb"])
        told = tool.run([*inside, "wgns-user", "--version"]).stdout
        self.assertEqual(told, f"wgns-user {self.field('Version')}\n")
        self.assertIn("\nwgns-user:", (root / "etc/passwd").read_text())
        self.assertEqual((root / "etc/wgns-user").stat().st_mode & 0o7777, 0o700)
        (root / "etc/wgns-user/home.conf").touch()
        tool.run([*inside, "dpkg", "--remove", "wgns-user"])
        self.assertFalse((root / "usr/bin/wgns-user").exists())
        self.assertTrue((root / "etc/wgns-user/home.conf").exists())
        tool.run([*inside, "dpkg", "--purge", "wgns-user"])


if __name__ == "__main__":
    # Scripts of a package run in a root of their own; this keeps even a slip of theirs inside.
    seclusion.enter()
    tool.main("dpkg-deb", "lintian", "cpack", "chroot")
