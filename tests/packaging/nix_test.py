#!/usr/bin/env python3
"""The NixOS module: what each case of nix/cases.nix becomes stands in nix/expected/CASE.txt.
`nix_test.py --write` writes these anew, to be read before they are kept.

It is evaluated without a store and with a lib of the test's own, so nixpkgs is not needed."""

import hashlib
import json
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

import tool

FOLDER = tool.ROOT / "tests/packaging/nix"
EXPECTED = FOLDER / "expected"
RULES = "add rule inet my_table my_input tcp dport 22 accept\n"


def evaluate():
    """{case: what the module makes of it, or "thrown"}."""
    with tempfile.TemporaryDirectory() as home:
        places = {name: home for name in ("HOME", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR")}
        command = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json"]
        done = tool.run([*command, FOLDER / "evaluate.nix"], env={**os.environ, **places})
    return json.loads(done.stdout)


def unit_lines(unit):
    for key, value in sorted(unit.items()):
        if key == "serviceConfig":
            yield from unit_lines(value)
            continue
        for each in value if isinstance(value, list) else [value]:
            yield f"{key} = {each}"


def render(made):
    """A case as text."""
    if made == "thrown":
        return "thrown\n"
    lines = [f"refused: {line}" for line in made["refused"]]
    lines += [f"warning: {line}" for line in made["warnings"]]
    # NixOS goes no further once something is refused.
    if not made["refused"]:
        for name, text in made["files"].items():
            lines += ["", f"---- /etc/{name}, mode {text.rstrip()}"]
        for name, unit in made["units"].items():
            lines += ["", f"---- {name}.service", *unit_lines(unit)]
    return "\n".join(lines).lstrip("\n") + "\n"


class Module(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = evaluate()

    def test_every_case_is_as_expected(self):
        self.maxDiff = None
        self.assertEqual(set(self.made), {path.stem for path in EXPECTED.glob("*.txt")})
        for case, made in self.made.items():
            with self.subTest(case):
                self.assertEqual(render(made), (EXPECTED / f"{case}.txt").read_text())

    def test_what_cannot_work_is_refused(self):
        for case, made in self.made.items():
            if made == "thrown":
                self.assertTrue(case.startswith("thrown_"), case)
                continue
            self.assertFalse(case.startswith("thrown_"), case)
            is_refused = case.startswith("refused_") or case == "moved"
            self.assertEqual(bool(made["refused"]), is_refused, case)
            for sentence in made["refused"]:
                self.assertRegex(sentence, r"^services\.wireguard-namespace.*\.$")

    def test_rules_are_the_users(self):
        digest = hashlib.sha256(RULES.encode()).hexdigest()
        self.assertIn(f"/store/{digest}-", self.made["reference"]["files"]["wgns-user/vpn.conf"])

    def test_the_program_takes_them(self):
        for case, made in self.made.items():
            if made == "thrown" or made["refused"]:
                continue
            for name, file in made["files"].items():
                with self.subTest(case):
                    self.assert_taken(Path(name).name, file.split("\n", 1)[1])

    def assert_taken(self, name, text):
        with tempfile.TemporaryDirectory() as folder:
            for key in ("private", "preshared"):
                path = Path(folder) / key
                path.write_text(tool.run([tool.product_binary(), "genkey"]).stdout)
                path.chmod(0o600)
            (Path(folder) / "rules").write_text(RULES)
            text = re.sub(r"= /keys/.*?(\w+)$", rf"= {folder}/\1", text, flags=re.MULTILINE)
            text = re.sub(r"= /store/\S+$", f"= {folder}/rules", text, flags=re.MULTILINE)
            path = Path(folder) / name
            path.write_text(text)
            path.chmod(0o600)
            done = tool.run([tool.product_binary(), "plan", path], check=False)
            self.assertNotIn(f"{path}:", done.stderr)
            self.assertNotEqual(done.returncode, 2, done.stderr)


def write_expected():
    EXPECTED.mkdir(exist_ok=True)
    for case, made in evaluate().items():
        (EXPECTED / f"{case}.txt").write_text(render(made))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write_expected()
    else:
        tool.main("nix-instantiate")
