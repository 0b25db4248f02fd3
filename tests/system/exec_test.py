#!/usr/bin/env python3
"""What a command that `exec` runs sees, as whom it runs, and when it is not run at all."""

import contextlib
import pwd
import shutil
import subprocess
from pathlib import Path

import harness
from harness import PREFIX, entries, inside, process, product_binary, run, wait_until
from peers import Product
from tunnel import PEER_V4, TunnelTest

REFUSED = 125
OURS = f"nameserver {PEER_V4}\n"
HOSTS = "nameserver 192.0.2.1\n"


class Exec(TunnelTest):
    def setUp(self):
        super().setUp()
        # All of /etc and /run are this test's own (seclusion.py).
        self.resolv_conf = Path("/etc/resolv.conf")
        self.put(self.resolv_conf, HOSTS)

    def put(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        path.write_text(text)

    def up(self, **interface):
        self.configure_peer()
        self.ours.up(self.interface(DNS=PEER_V4, **interface), self.towards_peer())

    def exec(self, *words, check=True, options=(), before=()):
        command = [*before, product_binary(), "exec", *options, self.name, "--", *words]
        return run(inside(self.host, *command), check=check)

    def shell(self, script, **more):
        return self.exec("sh", "-c", script, **more).stdout

    def without_mark(self, text):
        return "".join(line for line in text.splitlines(True) if not line.startswith("#"))

    def assert_sees_ours(self):
        self.assertEqual(self.without_mark(self.shell("cat /etc/resolv.conf")), OURS)

    def test_files_of_the_namespace(self):
        self.up()
        self.put(Path(f"/etc/netns/{self.name}/hosts"), "192.0.2.7 of-the-namespace\n")
        self.addCleanup(shutil.rmtree, f"/etc/netns/{self.name}", ignore_errors=True)
        self.assert_sees_ours()
        self.assertIn("hosts: files dns\n", self.shell("cat /etc/nsswitch.conf"))
        self.assertIn("192.0.2.7", self.shell("getent hosts of-the-namespace"))
        self.assertEqual(self.resolv_conf.read_text(), HOSTS, "the host's is as it was")
        mounts = Path("/proc/self/mountinfo").read_text()
        self.exec("true")
        self.assertEqual(Path("/proc/self/mountinfo").read_text(), mounts)

    def test_any_resolv_conf_of_the_host(self):
        self.up()
        stub = Path("/run/systemd/resolve/stub-resolv.conf")
        self.put(stub, "nameserver 127.0.0.53\n")
        self.addCleanup(shutil.rmtree, "/run/systemd", ignore_errors=True)
        for number, target in enumerate(
            [
                None,  # 1: missing
                "/nowhere/at/all",  # 2: dangling
                "../run/systemd/resolve/stub-resolv.conf",  # 3: systemd-resolved's
            ],
            1,
        ):
            with self.subTest(number):
                self.resolv_conf.unlink()
                if target:
                    self.resolv_conf.symlink_to(target)
                self.assert_sees_ours()
                if not target:
                    self.resolv_conf.write_text(HOSTS)

    def test_the_host_replaces_files_meanwhile(self):
        self.up()
        self.put(Path("/run/nscd/pid"), "")
        self.addCleanup(shutil.rmtree, "/run/nscd", ignore_errors=True)
        log = self.folder / "watch.log"
        script = ("while :; do grep nameserver /etc/resolv.conf; ls -d /run/nscd 2>/dev/null;"
                  " echo seen; sleep 0.1; done")
        command = inside(self.host, product_binary(), "exec", self.name, "--", "sh", "-c", script)
        child = self.enter(process(command, log))
        seen = lambda: log.read_text().count("seen")  # noqa: E731
        wait_until(seen, 10, "the command runs")
        fresh = Path("/etc/resolv.conf.new")
        for round_ in range(3):
            fresh.write_text(f"nameserver 192.0.2.{round_ + 2}\n")
            fresh.rename(self.resolv_conf)
            shutil.rmtree("/run/nscd")
            self.put(Path("/run/nscd/pid"), "")
            now = seen()
            wait_until(lambda: seen() > now + 2, 10, "the command goes on")  # noqa: B023
        self.assertIsNone(child.poll())
        self.assertEqual(set(log.read_text().splitlines()), {OURS.strip(), "seen"})

    def listen(self, path, log):
        """A server at a path that names whoever connects; returns how many did."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        program = (
            "import socket,sys\n"
            "s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
            "print('ready',flush=True)\n"
            "while True:\n"
            "    one=s.accept()[0]; print('asked',flush=True); one.close()\n"
        )
        log = self.folder / log
        self.enter(process(["python3", "-c", program, path], log))
        wait_until(lambda: log.exists() and "ready" in log.read_text(), 10, f"{path} listens")
        return lambda: log.read_text().count("asked")

    def test_daemons_of_the_host_are_not_asked(self):
        self.up()
        for folder in ("/run/nscd", "/run/systemd", "/run/avahi-daemon"):
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        asked = {
            path: self.listen(path, f"{number}.log")
            for number, path in enumerate(
                [
                    "/run/nscd/socket",
                    "/run/systemd/resolve/io.systemd.Resolve",
                    "/run/avahi-daemon/socket",
                    "/run/systemd/other",
                ]
            )
        }
        # On the host libc asks nscd first, whatever nsswitch.conf says.
        run(inside(self.host, "getent", "ahosts", "example.org"), check=False)
        nscd = asked["/run/nscd/socket"]
        self.assertGreater(nscd(), 0)
        before = nscd()
        run(inside(self.host, "timeout", 5, product_binary(), "exec", self.name, "--",
                   "getent", "ahosts", "example.org"), check=False)
        self.assertEqual(nscd(), before)
        connect = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        for path in asked:
            done = self.exec("python3", "-c", connect, path, check=False)
            self.assertEqual(done.returncode == 0, path == "/run/systemd/other", path)

    def test_sys_is_of_the_namespace(self):
        self.up()
        self.assertEqual(self.shell("ls /sys/class/net").split(), ["lo", self.name])

    def test_the_working_folder_stays(self):
        self.up()
        (self.folder / "here").write_text("here")
        command = [product_binary(), "exec", self.name, "--", "cat", "here"]
        done = subprocess.run(inside(self.host, *command), cwd=self.folder, timeout=30,
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "here")
        command[-1] = "resolv.conf"
        done = subprocess.run(inside(self.host, *command), cwd="/etc", timeout=30,
                              capture_output=True, text=True, check=True)
        self.assertEqual(self.without_mark(done.stdout), OURS)

    def test_identity(self):
        self.up()
        whole = "echo $(id -u) $(id -g) $(id -G)"
        nobody = pwd.getpwnam("nobody")
        ids = f"{nobody.pw_uid} {nobody.pw_gid}"
        under_sudo = ["env", f"SUDO_UID={nobody.pw_uid}", f"SUDO_GID={nobody.pw_gid}"]
        run(["groupadd", "-g", 4711, "wgns-test"])
        run(["usermod", "-a", "-G", "wgns-test", "nobody"])
        table = [
            # 1: as root, root
            ((), (), "0 0 0"),
            # 2: as who called sudo, with all of his groups
            (under_sudo, (), f"{ids} {nobody.pw_gid} 4711"),
            # 3: the option goes first
            (under_sudo, ("--user", "root"), "0 0 0"),
            # 4: another group, and those of the user
            ((), ("--user", "nobody:4712"), f"{nobody.pw_uid} 4712 4712 4711"),
            # 5: a number that nobody has
            ((), ("--user", "4713:4714"), "4713 4714 4714"),
        ]
        for number, (before, options, expected) in enumerate(table, 1):
            with self.subTest(number):
                told = self.shell(whole, before=before, options=options)
                self.assertEqual(told.strip(), expected)

    def test_no_privilege_is_left(self):
        self.up()
        script = "grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status; cat /etc/resolv.conf"
        told = self.shell(script, options=("--user", "nobody"))
        self.assertEqual({line.split()[1] for line in told.splitlines() if "Cap" in line},
                         {"0" * 16})
        self.assertEqual(self.without_mark(told.partition("CapAmb:\t" + "0" * 16 + "\n")[2]), OURS)

    def test_up_inside_makes_what_everybody_sees(self):
        self.up()
        nested = self.enter(Product(self.host, f"{PREFIX}n", self.folder))
        nested.write({"Address": "10.98.0.1/32", "DNS": PEER_V4}, self.towards_peer())
        self.exec(product_binary(), "up", nested.path)
        run(inside(nested.name, "ip", "link", "show", nested.name))
        self.assertEqual(nested.status()["namespace"], nested.name)
        nested.down()
        self.assertNotIn(nested.name, entries("/run/netns") + entries("/etc/netns"))

    def test_a_view_that_is_not_whole_is_refused(self):
        self.up()
        told = self.folder / "told"
        ours = Path(f"/etc/netns/{self.name}/resolv.conf")
        kept = ours.read_text()
        ours.unlink()
        done = self.exec("touch", told, check=False)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(str(ours), done.stderr)
        ours.symlink_to("/nowhere/at/all")
        self.assertEqual(self.exec("touch", told, check=False).returncode, REFUSED)
        ours.unlink()
        ours.write_text(kept)
        # Without the right to mount.
        dropped = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
        done = self.exec("touch", told, check=False, before=dropped)
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertFalse(told.exists())
        self.exec("touch", told)
        self.assertTrue(told.exists())


if __name__ == "__main__":
    harness.main()
