#!/usr/bin/env python3
"""`doctor` tries what `up` needs and leaves the host as it was."""

import json
import shutil

import harness
from harness import SystemTest, inside, product_binary, run, snapshot

FAILED = 1
WITHOUT_ADMIN = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
AS_NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class Doctor(SystemTest):
    def setUp(self):
        super().setUp()
        # Where it was built, nobody else may be allowed to go.
        self.binary = self.folder / "wgns-user"
        shutil.copy(product_binary(), self.binary)
        self.folder.chmod(0o755)

    def doctor(self, *words, before=(), check=True):
        command = [*before, self.binary, "doctor", *words]
        return run(inside(self.host, *command), check=check)

    def findings(self, **more):
        told = json.loads(self.doctor("--json", **more).stdout)
        return told["able"], {each["name"]: each for each in told["findings"]}

    def test_a_host_on_which_up_works_is_able(self):
        before = snapshot()
        rules = run(inside(self.host, "nft", "list", "ruleset")).stdout
        able, found = self.findings()
        self.assertTrue(able)
        for name in ("/dev/net/tun", "nftables", "conntrack", "namespaces", "root"):
            self.assertEqual(found[name]["verdict"], "ok", found[name])
        for each in found.values():
            if each["verdict"] != "ok":
                self.assertTrue(each["consequence"], each)
        self.assertEqual(snapshot(), before)
        self.assertEqual(run(inside(self.host, "nft", "list", "ruleset")).stdout, rules)

    def test_text_has_a_line_for_each(self):
        text = self.doctor().stdout
        for name in self.findings()[1]:
            self.assertRegex(text, rf"(?m)^(ok|limited|missing|unknown) +{name} ")

    def test_what_up_needs_is_missed(self):
        able, found = self.findings(before=WITHOUT_ADMIN, check=False)
        self.assertFalse(able)
        self.assertEqual(found["namespaces"]["verdict"], "missing")
        self.assertTrue(found["namespaces"]["cure"])
        self.assertEqual(self.doctor(before=WITHOUT_ADMIN, check=False).returncode, FAILED)

    def test_without_root_it_says_what_is_not_known(self):
        done = self.doctor("--json", before=AS_NOBODY, check=False)
        found = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
        self.assertEqual(found["root"]["verdict"], "unknown")
        self.assertEqual(found["nftables"]["verdict"], "unknown")
        self.assertIn("kernel", found)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    harness.main()
