#!/usr/bin/env python3
"""Shells complete what the program has."""

import os
import re
import tempfile
import unittest
from pathlib import Path

import tool

MADE = tool.build_folder() / "packaging"
ASK_BASH = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_wgns_user
printf '%s\\n' "${COMPREPLY[@]}"
"""
# FOLDER LINE WORD: types LINE and a tab into a zsh, and ends once its terminal shows WORD.
ASK_ZSH = """
zmodload zsh/zpty
zpty -b shell zsh -f -i
shown=
more() {
    local piece
    # What is completed comes with a bell in it.
    while zpty -r -t shell piece; do shown+=${piece//[[:cntrl:]]/}; done
}
zpty -w shell "PS1=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; print -r READ''Y"
until [[ $shown == *READY* ]]; do sleep 0.05; more; done
zpty -w -n shell "$2"$'\\t'
shown=
until [[ $shown == *$3* ]]; do sleep 0.05; more; done
"""


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("run/home", "run/work", "etc", "here/deeper"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "etc/office.conf").touch()
        (self.folder / "here/$(touch bad).conf").touch()
        (self.folder / "here/mine.conf").touch()
        (self.folder / "here/other.txt").touch()

    def script(self, shell):
        """The file for this shell, looking into this test's folders."""
        text = (MADE / f"completion.{shell}").read_text()
        for place in ("run", "etc"):
            self.assertIn(f"/{place}/wgns-user/", text)
            text = text.replace(f"/{place}/wgns-user/", f"{self.folder}/{place}/")
        path = self.folder / f"completion.{shell}"
        path.write_text(text)
        return path

    def bash(self, *words):
        command = ["bash", "--norc", "-c", ASK_BASH, "bash", self.script("bash"), "wgns-user"]
        done = tool.run([*command, *words], cwd=self.folder / "here")
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split("\n")) - {""}

    def fish(self, line):
        ask = f"source {self.script('fish')}; complete -C 'wgns-user {line}'"
        home = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        done = tool.run(["fish", "--no-config", "-c", ask], cwd=self.folder / "here", env=home)
        self.assertEqual(done.stderr, "")
        return {told.split("\t")[0] for told in done.stdout.splitlines()}

    def commands(self):
        told = tool.run([tool.product_binary(), "--help"]).stdout.split("Subcommands:\n")[1]
        return set(re.findall(r"^  (\w+)", told.split("\n\n")[0], re.MULTILINE))

    def test_bash_knows_for_whom_it_is(self):
        ask = f"source {self.script('bash')}; complete -p wgns-user"
        told = tool.run(["bash", "--norc", "-c", ask]).stdout
        self.assertEqual(told, "complete -F _wgns_user wgns-user\n")

    def test_bash_commands(self):
        self.assertEqual(self.bash(""), self.commands())
        self.assertEqual(self.bash("do"), {"down", "doctor"})
        self.assertEqual(self.bash("-"), {"-h", "--help", "--version", "-f", "--foreground"})

    def test_bash_instances(self):
        for command in ("down", "status", "check", "exec"):
            self.assertEqual(self.bash(command, ""), {"home", "work"}, command)
        self.assertEqual(self.bash("down", "h"), {"home"})
        self.assertEqual(self.bash("down", "home", ""), set())

    def test_bash_configurations(self):
        told = self.bash("up", "")
        self.assertLessEqual({"office", "mine.conf", "deeper/"}, told)
        self.assertNotIn("other.txt", told)
        self.assertFalse((self.folder / "here/bad").exists(), "a file's name was run")

    def test_bash_options(self):
        self.assertEqual(self.bash("up", "--io", ""), {"auto", "uring", "epoll"})
        self.assertEqual(self.bash("up", "--io", "=", "u"), {"uring"})
        self.assertEqual(self.bash("up", "--io", "="), {"auto", "uring", "epoll"})
        self.assertIn("office", self.bash("up", "--io", "uring", "of"))
        self.assertIn("--workers", self.bash("plan", "--w"))
        self.assertIn("root", self.bash("exec", "--user", "roo"))

    def test_bash_commands_to_run(self):
        self.assertEqual(self.bash("exec", "home", ""), {"--"})
        self.assertIn("bash", self.bash("exec", "home", "--", "bas"))
        self.assertIn("mine.conf", self.bash("exec", "home", "--", "cat", "mi"))

    def test_fish(self):
        self.assertLessEqual(self.commands(), self.fish(""))
        self.assertEqual(self.fish("down "), {"home", "work"})
        self.assertEqual(self.fish("up --io "), {"auto", "uring", "epoll"})
        self.assertLessEqual({"office", "mine.conf"}, self.fish("up "))
        self.assertIn("--json", self.fish("status --"))
        self.assertIn("root", self.fish("exec --user roo"))

    def zsh(self, line, completed):
        """A tab behind LINE has to make its last word the one that is `completed`."""
        folder = self.folder / "functions"
        folder.mkdir(exist_ok=True)
        (folder / "_wgns-user").write_text(self.script("zsh").read_text())
        command = ["zsh", "-f", "-c", ASK_ZSH, "zsh", folder, f"wgns-user {line}", completed]
        tool.run(command, timeout=20, cwd=self.folder / "here", env={**os.environ, "TERM": "dumb"})

    def test_zsh(self):
        tool.run(["zsh", "-n", self.script("zsh")])
        self.zsh("doct", "doctor")
        self.zsh("down ho", "home")
        self.zsh("up off", "office")
        self.zsh("up --io ur", "uring")
        self.zsh("exec home -- basena", "basename")


if __name__ == "__main__":
    tool.main("bash", "fish", "zsh")
