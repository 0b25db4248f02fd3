#!/usr/bin/env python3
"""The checks themselves, on small texts."""

import unittest
from pathlib import Path

import count_tests
import tidy
from cpp_functions import functions
from tidy import Finding, Source, judge


def shapes(text):
    return [(each.name, each.lines, each.parameters) for each in functions(text)]


class Functions(unittest.TestCase):
    def test_counts_lines_and_parameters(self):
        table = [
            # 1: a plain function
            ("int f(int a, int b) {\n  return a;\n}\n", [("f", 3, 2)]),
            # 2: a declaration has no lines
            ("[[nodiscard]] Status g(int a);\n", [("g", 0, 1)]),
            # 3: void and nothing
            ("void h(void);\nvoid i();\n", [("h", 0, 0), ("i", 0, 0)]),
            # 4: commas inside types are not parameters
            ("void j(std::map<int, int> a, void (*b)(int, int));", [("j", 0, 2)]),
            # 5: members, behind an access label
            ("class A {\npublic:\n  A(int a) : a_(a) {}\n};", [("A", 1, 1)]),
            # 6: braces in the list of initializers
            ("A::A(int a) : a_{a}, b_{2} {\n  f();\n}\n", [("A::A", 3, 1)]),
            # 7: the template line counts
            ("template <class T, int n = 2>\nT k(T a) {\n}\n", [("k", 3, 1)]),
            # 8: an operator with = in its name, an operator that calls
            ("bool operator==(A a, A b) { return 1; }", [("operator==", 1, 2)]),
            # 9: namespaces are scopes, lambdas belong to their function
            ("namespace a {\nvoid l() {\n  auto x = [](int) { g(); };\n}\n}", [("l", 3, 0)]),
            # 10: data is no function
            ("const int a[] = {f(1), 2};\nenum class B { a, b };\n", []),
            # 11: braces in comments, strings and characters
            ("void m() {\n  // {\n  g(\"{\", '{', R\"(})\");\n}", [("m", 4, 0)]),
            # 12: default arguments
            ("void o(int a = f(1, 2), B b = {});", [("o", 0, 2)]),
            # 13: digit separators are not characters
            ("void p() {\n  int a = 1'000;\n}\nvoid q();", [("p", 3, 0), ("q", 0, 0)]),
        ]
        for number, (text, expected) in enumerate(table, 1):
            with self.subTest(number):
                self.assertEqual(shapes(text), expected)

    def test_says_on_which_line(self):
        self.assertEqual([each.line for each in functions("\n\nint a;\n\nvoid f() {\n}\n")], [5])


class Checks(unittest.TestCase):
    def findings(self, check, path, text):
        return [(each.line, each.excess) for each in check([Source(path, text)])]

    def test_include_direction(self):
        table = [
            # 1: down the arrows
            ("control/a.h", '#include "netns/b.h"', False),
            # 2: up the arrows
            ("base/a.h", '#include "crypto/b.h"', True),
            # 3: between siblings
            ("netns/a.h", '#include "protocol/b.h"', True),
            # 4: nothing reaches tests
            ("cli/a.cpp", '  #  include "tests/b.h"', True),
            # 5: tests reach everything
            ("tests/base/a_test.cpp", '#include "cli/b.h"', False),
            # 6: system headers are free
            ("base/a.h", "#include <crypto/b.h>", False),
        ]
        for number, (path, text, wrong) in enumerate(table, 1):
            with self.subTest(number):
                found = self.findings(tidy.include_direction, path, text)
                self.assertEqual(bool(found), wrong)

    def test_columns(self):
        text = "x" * 100 + "\n" + "x" * 103
        self.assertEqual(self.findings(tidy.columns, "base/a.h", text), [(2, 3)])
        self.assertEqual(self.findings(tidy.columns, "dev", text), [(2, 3)])
        self.assertEqual(self.findings(tidy.columns, "README.md", text), [])

    def test_file_length(self):
        self.assertEqual(self.findings(tidy.file_length, "a.cpp", "\n" * 500), [])
        self.assertEqual(self.findings(tidy.file_length, "a.cpp", "\n" * 502), [(502, 2)])

    def test_function_limits(self):
        long = "void f() {\n" + "g();\n" * 70 + "}\n"
        self.assertEqual(self.findings(tidy.function_length, "a.cpp", long), [(1, 2)])
        wide = "void f(int a, int b, int c, int d, int e, int g);"
        self.assertEqual(self.findings(tidy.parameters, "a.h", wide), [(1, 1)])

    def test_a_test_beside_each_unit(self):
        units = [Source("base/a.h", ""), Source("base/b.h", ""), Source("cli/c.h", "")]
        tests = [Source("tests/base/a_test.cpp", "")]
        found = [each.file for each in tidy.test_beside_unit(units + tests)]
        self.assertEqual(found, ["base/b.h"])

    def test_leftover_words(self):
        word = "TO" + "DO"
        self.assertEqual(self.findings(tidy.leftover_words, "a.h", f"a\n// {word}: b"), [(2, 1)])
        self.assertEqual(self.findings(tidy.leftover_words, "a.h", "mkstemp(aXXXXXX)"), [])

    def test_quiet_libraries(self):
        for number, (path, text, wrong) in enumerate(
            [
                ("base/a.cpp", "std::cout << 1;", True),
                ("netns/a.cpp", 'std::printf("a");', True),
                ("base/a.cpp", "std::snprintf(a, 1);", False),
                ("control/a.cpp", "exit(1);", True),
                ("control/a.cpp", "_exit(1);", False),
                ("cli/a.cpp", "std::cout << 1;", False),
                ("base/assert.h", "std::fprintf(stderr);", False),
            ],
            1,
        ):
            with self.subTest(number):
                found = self.findings(tidy.quiet_libraries, path, text)
                self.assertEqual(bool(found), wrong)


class Ratchet(unittest.TestCase):
    found = [Finding("a.h", 1, 2, "x"), Finding("a.h", 9, 1, "y")]

    def test_only_shrinks(self):
        self.assertEqual(judge(self.found, {"a.h": 3}), [])
        self.assertEqual(judge(self.found, {}), ["a.h:1: x", "a.h:9: y"])
        self.assertEqual(judge(self.found, {"a.h": 2}), ["a.h:1: x", "a.h:9: y"])
        self.assertIn("write 3", judge(self.found, {"a.h": 4})[0])

    def test_asks_to_remove_what_is_not_needed(self):
        self.assertIn("remove it", judge([], {"a.h": 1})[0])


class Counting(unittest.TestCase):
    document = """<testsuite>
        <testcase name="a" status="run"/>
        <testcase name="b" status="fail"><failure message=""/></testcase>
        <testcase name="c" status="notrun"><skipped message=""/></testcase>
    </testsuite>"""

    def test_adds_up(self):
        documents = {"release": self.document, "asan": self.document, "tsan": None}
        passed, failed, skipped, absent = count_tests.summary(documents)
        self.assertEqual((passed, failed, absent), (2, 2, ["tsan"]))
        self.assertEqual(skipped, ["release: c", "asan: c"])

    def test_a_program_counts_by_its_cases_alone(self):
        program = """<testsuite>
            <testcase name="program.a" status="run"/>
            <testcase name="program.b" status="fail"/>
        </testsuite>"""
        self.assertEqual(count_tests.count(program), (0, 1, []))

    def test_says_which_run_it_was(self):
        self.assertEqual(count_tests.label(Path("build/results/asan.xml")), "asan")
        self.assertEqual(count_tests.label(Path("build/asan/results/base.xml")), "asan base")


if __name__ == "__main__":
    unittest.main()
