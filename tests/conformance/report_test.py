#!/usr/bin/env python3
"""tests/conformance/report.py on small sources and results, and on such as make no page."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import report  # noqa: E402
from report import Wrong  # noqa: E402

TWO = "# comment\nC1 | One. |\nC2 | Two. | In part: the rest.\n"
TESTS = ["conformance.A.C1_X", "conformance.A.C2_Y", "system.b.c2_z"]
JUNIT = """<testsuite><testcase name="conformance.A.C1_X" status="run"/>
<testcase name="conformance.A.C2_Y" status="run"/><testcase name="system.b.c2_z" status="{}"/>
</testsuite>"""


class Sources(unittest.TestCase):
    def test_statements(self):
        one, two = report.read_statements(TWO)
        self.assertEqual(one, (1, "One.", ""))
        self.assertEqual(two, (2, "Two.", "In part: the rest."))

    def test_wrong_statements(self):
        for number, text in enumerate(
            ["C1 One.", "C1 | One.", "C0 | One. |", "C2 | Two. |", "C1 | a |\nC1 | b |", "C1 | |"]
        ):
            with self.subTest(number), self.assertRaises(Wrong):
                report.read_statements(text)

    def test_numbers_of_tests(self):
        self.assertEqual(report.number_of("conformance.Handshake.C27_X"), 27)
        self.assertEqual(report.number_of("system.uapi.c59_down_is_silent"), 59)
        for name in ("conformance.A.X", "system.uapi.carries", "system.c1_x.y", "C5"):
            self.assertIsNone(report.number_of(name))

    def test_tests_in_files(self):
        text = "TEST(A, C1_X) {\nTEST_F(B,\n       C2_Y) {\n// TEST(C, C3_Z)\n"
        self.assertEqual(list(report.tests_in_cpp(text)), TESTS[:1] + ["conformance.B.C2_Y"])
        text = "class X:\n    def test_c2_z(self):\n    def helper(self):\n"
        self.assertEqual(list(report.tests_in_python("b", text)), ["system.b.c2_z"])

    def test_a_conformance_test_has_a_number(self):
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root) / "tests" / "conformance"
            folder.mkdir(parents=True)
            (folder / "x_test.cpp").write_text("TEST(A, Nameless) {\n", encoding="utf-8")
            with self.assertRaisesRegex(Wrong, "A.Nameless names no statement"):
                report.tests_in_sources(Path(root))


class Page(unittest.TestCase):
    statements = report.read_statements(TWO)

    def rows(self, results=None):
        return report.page(self.statements, TESTS, results).splitlines()[-2:]

    def test_without_results(self):
        self.assertEqual(
            self.rows(),
            [
                "| C1 | One. | `conformance.A.C1_X` | held |",
                "| C2 | Two. *In part: the rest.* | `conformance.A.C2_Y`<br>`system.b.c2_z` "
                "| in part |",
            ],
        )

    def test_with_results(self):
        self.assertEqual(self.rows(report.results_in(JUNIT.format("run"))), self.rows())
        for status, word in (("fail", "failed"), ("notrun", "skipped"), ("?", "failed")):
            self.assertTrue(self.rows(report.results_in(JUNIT.format(status)))[1].endswith(
                f"| {word} |"))
        self.assertTrue(self.rows({})[0].endswith("| not run |"))

    def test_what_is_missing(self):
        with self.assertRaisesRegex(Wrong, "no test for C2"):
            report.page(self.statements, TESTS[:1])
        with self.assertRaisesRegex(Wrong, "C3_Q names a statement that is not there"):
            report.page(self.statements, [*TESTS, "conformance.A.C3_Q"])

    def test_what_is_no_junit_file(self):
        with self.assertRaises(Wrong):
            report.results_in("{}")


if __name__ == "__main__":
    unittest.main()
