#!/usr/bin/env python3
"""Wrong input gives one line and the status that INTERFACE promises, and changes nothing."""

import subprocess

import harness
from harness import PREFIX, SystemTest, inside, namespace, product_binary, run
from peers import Product, private_key, public_key

FAILED, BAD_CONFIGURATION = 1, 2


class BadInput(SystemTest):
    def setUp(self):
        super().setUp()
        self.before = harness.snapshot()
        self.ours = self.enter(Product(self.host, f"{PREFIX}c", self.folder))
        # Without DNS there would be a warning beside the one line.
        self.interface = {"Address": "10.99.0.1/32", "DNS": "10.99.0.2"}
        self.other = {
            "PublicKey": public_key(private_key()),
            "AllowedIPs": "10.99.0.0/24",
            "Endpoint": "10.77.0.2:51820",
        }

    def refused(self, command, status):
        """Runs it, checks what every refusal has in common, returns its one line."""
        done = run(command, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(harness.snapshot(), self.before)
        return done.stderr.strip()

    def up(self, path=None):
        return inside(self.host, product_binary(), "up", path or self.ours.path)

    def refused_configuration(self, key):
        """The line names file, line number and key."""
        self.ours.write(self.interface, self.other)
        line = self.refused(self.up(), BAD_CONFIGURATION)
        number = self.line_of(key)
        self.assertRegex(line, rf"(?i){self.ours.path.name}:{number}: {key}: .+")

    def line_of(self, key):
        lines = self.ours.path.read_text().splitlines()
        return next(number for number, text in enumerate(lines, 1) if text.startswith(f"{key} ="))

    def test_wrong_key_length(self):
        self.other["PublicKey"] = self.other["PublicKey"][:40]
        self.refused_configuration("PublicKey")

    def test_bad_base64(self):
        self.interface["PrivateKey"] = "!" * 43 + "="
        self.refused_configuration("PrivateKey")

    def test_unknown_key(self):
        self.interface["Adress"] = "10.99.0.1/32"
        self.refused_configuration("Adress")

    def test_unknown_key_names_the_nearest(self):
        self.interface["Adress"] = "10.99.0.1/32"
        self.ours.write(self.interface, self.other)
        self.assertIn("Address", self.refused(self.up(), BAD_CONFIGURATION))

    def test_bad_cidr(self):
        self.other["AllowedIPs"] = "10.99.0.0/33"
        self.refused_configuration("AllowedIPs")

    def test_endpoint_without_port(self):
        self.other["Endpoint"] = "10.77.0.2"
        self.refused_configuration("Endpoint")

    def test_missing_private_key(self):
        self.ours.path.write_text("[Interface]\nAddress = 10.99.0.1/32\n")
        line = self.refused(self.up(), BAD_CONFIGURATION)
        self.assertRegex(line, rf"{self.ours.path.name}:\d+: PrivateKey: ")

    def test_name_too_long(self):
        ours = Product(self.host, f"{PREFIX}-much-too-long-for-an-interface", self.folder)
        ours.write(self.interface, self.other)
        self.assertIn("15", self.refused(self.up(ours.path), BAD_CONFIGURATION))

    def test_missing_file(self):
        absent = self.folder / "absent.conf"
        self.assertIn("absent.conf", self.refused(self.up(absent), BAD_CONFIGURATION))

    def test_unknown_option(self):
        command = inside(self.host, product_binary(), "up", "--nonsense", self.ours.path)
        self.refused(command, BAD_CONFIGURATION)

    def test_a_wrong_word_in_the_environment(self):
        self.ours.write(self.interface, self.other)
        for variable in ("WGNS_IO", "WGNS_AEAD", "WGNS_OFFLOADS", "WGNS_WORKERS"):
            wrong = ["env", f"{variable}=bogus"]
            with self.subTest(variable):
                up = inside(self.host, *wrong, product_binary(), "up", self.ours.path)
                self.assertIn("bogus", self.refused(up, BAD_CONFIGURATION))
                # It is nothing to the other commands.
                done = run(inside(self.host, *wrong, product_binary(), "list"), check=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_not_root(self):
        self.ours.write(self.interface, self.other)
        # Readable for nobody, so that the privilege and not the file is what is missing.
        self.folder.chmod(0o755)
        self.ours.path.chmod(0o644)
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        done = run(inside(self.host, *nobody, product_binary(), "up", self.ours.path), check=False)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertRegex(done.stderr.splitlines()[-1], r"(?i)root|privilege|permi")
        self.assertEqual(harness.snapshot(), self.before)

    def test_no_tun_device(self):
        self.ours.write(self.interface, self.other)
        # unshare makes every mount private, so the hidden /dev/net is hidden from nobody else.
        hide = 'mount -t tmpfs none /dev/net && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", hide, "sh", *self.up()]
        self.assertIn("/dev/net/tun", self.refused(command, FAILED))

    def test_etc_is_read_only(self):
        self.ours.write(self.interface, self.other)
        hide = 'mount -t tmpfs -o ro none /etc && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", hide, "sh", *self.up()]
        self.assertIn("mount a tmpfs at /etc/netns", self.refused(command, FAILED))

    def test_namespace_taken_by_somebody_else(self):
        taken = self.enter(namespace(f"{PREFIX}x"))
        self.before = harness.snapshot()
        self.interface["Namespace"] = taken
        self.ours.write(self.interface, self.other)
        self.assertIn(taken, self.refused(self.up(), FAILED))

    def warned(self, command):
        """`up` comes up all the same, with one warning, and is taken down again."""
        done = run(command, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(" is up: ", done.stdout)
        run([*command[:-2], "down", self.ours.name])
        self.assertEqual(harness.snapshot(), self.before)
        return done.stderr

    def test_proc_sys_is_read_only(self):
        self.interface["Address"] = "10.99.0.1/32"
        self.ours.write(self.interface, self.other)
        hide = 'mount --bind -o ro /proc/sys /proc/sys && "$@"'
        command = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", hide, "sh",
                   *self.up()]
        self.assertIn("ping_group_range", self.warned(command))

    def test_a_unit_with_mounts_of_its_own(self):
        self.ours.write(self.interface, self.other)
        before = harness.snapshot()
        both = (f'"$@" up {self.ours.path}; r=$?; "$@" down {self.ours.name}; '
                "umount /run/netns; exit $r")
        program = inside(self.host, product_binary())
        done = run(["unshare", "--mount", "sh", "-c", both, "sh", *program], check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("PrivateMounts", done.stderr)
        self.assertEqual(harness.snapshot(), before)

    def test_two_at_once(self):
        self.ours.write(self.interface, self.other)
        children = []
        for number in range(4):
            log = open(self.folder / f"{number}.log", "wb")
            self.addCleanup(log.close)
            children.append(subprocess.Popen(self.up(), stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log))
        self.assertEqual([child.wait(timeout=20) for child in children], [0] * 4)
        told = [(self.folder / f"{number}.log").read_text() for number in range(4)]
        self.assertEqual(sum("is up: " in text for text in told), 1, told)
        self.assertEqual(sum("is up already" in text for text in told), 3, told)
        self.assertEqual(len(self.ours.processes()), 2)
        self.ours.down()

    def test_port_in_use(self):
        listen = "import socket,time; s=socket.socket(type=2); s.bind(('',51999)); time.sleep(99)"
        command = inside(self.host, "python3", "-c", listen)
        self.enter(harness.process(command, self.folder / "listener.log"))
        bound = lambda: ":51999" in run(inside(self.host, "ss", "-Hlun")).stdout  # noqa: E731
        harness.wait_until(bound, 10, "the port is taken")
        self.interface["ListenPort"] = 51999
        self.ours.write(self.interface, self.other)
        self.assertIn("51999", self.refused(self.up(), FAILED))


if __name__ == "__main__":
    harness.main()
