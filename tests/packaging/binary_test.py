#!/usr/bin/env python3
"""The program has what it was hardened with."""

import json
import re
import unittest

import tool


def readelf(*options):
    return tool.run(["readelf", "-W", *options, tool.product_binary()]).stdout


class Binary(unittest.TestCase):
    def test_it_is_loaded_anywhere(self):
        self.assertIn("DYN (Position-Independent Executable file)", readelf("-h"))

    def test_its_tables_are_read_only_before_it_begins(self):
        segments = readelf("-l")
        self.assertIn("GNU_RELRO", segments)
        self.assertIn("BIND_NOW", readelf("-d"))

    def test_nothing_is_both_written_and_executed(self):
        for line in readelf("-l").splitlines():
            if re.match(r" +(LOAD|GNU_STACK) ", line):
                self.assertNotRegex(line, r" RWE ")

    def test_its_stack_is_watched(self):
        self.assertIn("__stack_chk_fail", readelf("--dyn-syms"))

    def test_what_leaves_no_trace_was_asked_for(self):
        commands = json.loads((tool.build_folder() / "compile_commands.json").read_text())
        (daemon,) = [each["command"] for each in commands
                     if each["file"].endswith("/cli/main.cpp")]
        for flag in ("-D_FORTIFY_SOURCE=3", "-ftrivial-auto-var-init=zero",
                     "-fstack-clash-protection"):
            self.assertIn(flag, daemon)


if __name__ == "__main__":
    tool.main()
