#!/usr/bin/env python3
"""How a table comes into the README."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import readme  # noqa: E402

BEFORE = "one\n<!-- `./dev bench --peer` writes -->\nold\n<!-- end -->\ntwo\n"


class Readme(unittest.TestCase):
    def test_the_table_takes_the_place_of_the_one_before(self):
        after = readme.with_table(readme.with_table(BEFORE, "first\n"), "second\n  1.2\n")
        self.assertIn("    second\n      1.2\n", after)
        self.assertIn(readme.PICTURE, after)
        self.assertNotIn("first", after)
        self.assertTrue(after.startswith("one\n<!--") and after.endswith("<!-- end -->\ntwo\n"))

    def test_a_command_loses_its_folder(self):
        after = readme.with_table(BEFORE, "peer: /x/y/wireguard-go {} (1)\n")
        self.assertIn("peer: wireguard-go {} (1)", after)

    def test_without_a_place_it_is_an_error(self):
        with self.assertRaises(ValueError):
            readme.with_table("nothing\n", "table\n")

    def test_this_readme_has_a_place(self):
        self.assertIn("row", readme.with_table(readme.README.read_text(), "row"))


if __name__ == "__main__":
    unittest.main()
