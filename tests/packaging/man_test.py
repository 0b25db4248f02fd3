#!/usr/bin/env python3
"""The manual says everything that the program and its configuration have."""

import re
import tempfile
import unittest
from pathlib import Path

import tool

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/man"
KEY_TABLE = ROOT / "control/config_keys.cpp"
# How scdoc writes every page.
OWN_WAYS = re.compile(
    r"PP empty|PP after S[HS]|longer than 80 bytes|lower case character in document title"
)


def source(page):
    return (PAGES / f"{page}.scd").read_text()


def made(page):
    """The page in roff."""
    return tool.run(["scdoc"], text_in=source(page)).stdout


def help_of(*command):
    return tool.run([tool.product_binary(), *command, "--help"]).stdout


def commands():
    listed = help_of().split("Subcommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+)", listed, re.MULTILINE)


def keys():
    """[(section, name)…] of the table of keys."""
    row = r'^    \{"(\w+)", in_(interface|peer),'
    found = re.findall(row, KEY_TABLE.read_text(), re.MULTILINE)
    return [(section, name) for name, section in found]


class Manual(unittest.TestCase):
    def test_every_command_and_option(self):
        page = source("wgns-user.8")
        self.assertGreaterEqual(len(commands()), 11)
        for command in commands():
            entry = re.search(rf"^[^\t\n]*\*{command}\*.*\n((?:\t.*\n|\n)*)", page, re.MULTILINE)
            self.assertIsNotNone(entry, command)
            own = re.search(rf"^\*{command}\*(.*\n(?:\t.*\n|\n)*)", page, re.MULTILINE)
            options = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", help_of(command), re.MULTILINE))
            for option in options - {"--help"}:
                where = own.group(1) if own else ""
                refers = "Options are those of *up*" in where
                is_shared = refers and f"{option} " in help_of("up")
                self.assertTrue(f"*{option}*" in where or is_shared, f"{command} {option}")

    def test_every_choice_and_default(self):
        page = source("wgns-user.8")
        for option, words, default in re.findall(
            r"^  (--\w+) TEXT:\{(.*)\}=(\w+)$", help_of("up"), re.MULTILINE
        ):
            entry = re.search(rf"^\t\*{option}\* (.*)\n\t\t(.*)", page, re.MULTILINE)
            for word in words.split(",")[:3] + words.split(",")[-1:]:
                self.assertTrue(
                    f"*{word}*" in entry.group(1) or word.isdigit() and "|...|" in entry.group(1),
                    f"{option} {word}",
                )
            self.assertIn(f"The default is *{default}*", entry.group(2))

    def test_every_key_with_meaning_default_and_example(self):
        page = source("wgns-user.conf.5")
        interface, peer = page.split("# [INTERFACE]")[1].split("# [PEER]")
        sections = {"interface": interface, "peer": peer}
        self.assertGreaterEqual(len(keys()), 39)
        for section, name in keys():
            entry = re.search(
                rf"^\*(?:\w+\*, \*)*{name}\*.* = .*\n((?:\t.*\n|\n)+)",
                sections[section],
                re.MULTILINE,
            )
            self.assertIsNotNone(entry, f"[{section}] {name}")
            told = entry.group(1)
            self.assertRegex(told, r"\bDefault:|\b[Nn]eeded\b", f"[{section}] {name}: no default")
            self.assertRegex(told, r"(?m)^\t\w+ = \S", f"[{section}] {name}: no example")

    def test_no_key_that_there_is_not(self):
        page = source("wgns-user.conf.5").split("# [INTERFACE]")[1].split("# LIMITS")[0]
        entries = re.findall(r"^(\*\w+\*(?:, \*\w+\*)*) = ", page, re.MULTILINE)
        named = {name for entry in entries for name in re.findall(r"\w+", entry)}
        self.assertEqual(named, {name for _, name in keys()})

    def test_examples_are_a_configuration(self):
        """Every example of a key in one file: the program takes it."""
        page = source("wgns-user.conf.5").split("# [INTERFACE]")[1].split("# LIMITS")[0]
        # The other half of a pair of which only one may be given, and what is not supported.
        left_out = ("PrivateKeyFile", "PresharedKeyFile", "SocketNamespace", "Firewall ")
        left_out += ("ExtraFirewallRulesFile", "GeneratePrivateKeyFile")
        lines = ["[Interface]"]
        for line in page.splitlines():
            if line == "# [PEER]":
                lines.append("[Peer]")
            elif re.match(r"\t\w+ = ", line) and not line.strip().startswith(left_out):
                lines.append(line.strip())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "home.conf"
            path.write_text("\n".join(lines))
            path.chmod(0o600)
            done = tool.run([tool.product_binary(), "plan", path], check=False)
        self.assertNotIn(f"{path}:", done.stderr)
        self.assertNotEqual(done.returncode, 2, done.stderr)

    def test_pages_are_well_formed(self):
        for page in ("wgns-user.8", "wgns-user.conf.5"):
            done = tool.run(["mandoc", "-T", "lint"], text_in=made(page), check=False)
            told = [line for line in done.stdout.splitlines() if not OWN_WAYS.search(line)]
            self.assertEqual(told, [], page)


if __name__ == "__main__":
    tool.main("scdoc", "mandoc")
