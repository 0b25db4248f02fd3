#!/usr/bin/env python3
"""The page of what is proved. `report.py` prints it as the sources have it, `report.py RESULTS.xml`
with the results of `ctest --output-junit`. `--check` fails unless every statement has a test, every
test a statement, and docs/CONFORMANCE.md is what the sources make of it; `--write` writes it."""

import argparse
import re
import sys
import xml.etree.ElementTree
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "CONFORMANCE.md"
STATEMENTS = Path(__file__).with_name("statements.txt")
IN_PART = "In part:"

HEAD = """# The protocol, statement by statement

What a WireGuard device has to do, and the tests that prove it: `ctest -R conformance`, and as root
`ctest -R system`. Where the whitepaper, the kernel and other implementations disagree, the kernel
is followed, or the remark says why not. `tests/conformance/report.py` writes this page.

"""


class Wrong(Exception):
    """Sources or results that no page can be made of."""


class Statement(NamedTuple):
    number: int
    sentence: str
    remark: str


def read_statements(text):
    statements = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"C([1-9]\d*) \| ([^|]+) \|([^|]*)", line)
        if not match:
            raise Wrong(f"not a statement: {line}")
        statements.append(Statement(int(match[1]), match[2].strip(), match[3].strip()))
    numbers = [each.number for each in statements]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Wrong("statements are not numbered from 1 without a gap")
    return statements


def number_of(test):
    """Of the statement that a CTest name is about, or None."""
    match = re.search(r"\.[Cc]([1-9]\d*)_\w+$", test)
    return int(match[1]) if match else None


def tests_in_cpp(text):
    for suite, case in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", text, re.MULTILINE):
        yield f"conformance.{suite}.{case}"


def tests_in_python(file, text):
    for method in re.findall(r"^    def test_(\w+)", text, re.MULTILINE):
        yield f"system.{file}.{method}"


def tests_in_sources(root):
    tests = []
    for path in sorted((root / "tests" / "conformance").glob("*_test.cpp")):
        found = list(tests_in_cpp(path.read_text(encoding="utf-8")))
        nameless = [each for each in found if number_of(each) is None]
        if nameless:
            raise Wrong(f"{nameless[0]} names no statement")
        tests += found
    for path in sorted((root / "tests" / "system").glob("*_test.py")):
        file = path.name.removesuffix("_test.py")
        found = tests_in_python(file, path.read_text(encoding="utf-8"))
        tests += [each for each in found if number_of(each) is not None]
    return tests


def results_in(junit):
    """{test: "passed", "failed" or "skipped"} of what ctest wrote."""
    try:
        cases = xml.etree.ElementTree.fromstring(junit).iter("testcase")
    except xml.etree.ElementTree.ParseError as error:
        raise Wrong(f"no JUnit file: {error}") from error
    results = {}
    for case in cases:
        status = case.get("status")
        known = {"run": "passed", "fail": "failed", "notrun": "skipped", "disabled": "skipped"}
        results[case.get("name")] = known.get(status, "failed")
    return results


def result_of(statement, tests, results):
    """The worst that happened; without results, that there are tests is enough."""
    for bad in ("failed", "skipped", None):
        if results is not None and any(results.get(test) == bad for test in tests):
            return bad or "not run"
    return "in part" if statement.remark.startswith(IN_PART) else "held"


def by_statement(statements, tests):
    held = {each.number: [] for each in statements}
    for test in tests:
        number = number_of(test)
        if number not in held:
            raise Wrong(f"{test} names a statement that is not there")
        held[number].append(test)
    without = [f"C{number}" for number, found in held.items() if not found]
    if without:
        raise Wrong(f"no test for {', '.join(without)}")
    return held


def page(statements, tests, results=None):
    held = by_statement(statements, tests)
    lines = ["| | statement | tests | result |", "|---|---|---|---|"]
    for each in statements:
        names = "<br>".join(f"`{test}`" for test in held[each.number])
        remark = f" *{each.remark}*" if each.remark else ""
        result = result_of(each, held[each.number], results)
        lines.append(f"| C{each.number} | {each.sentence}{remark} | {names} | {result} |")
    return HEAD + "\n".join(lines) + "\n"


def main(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(words)
    try:
        results = None
        if options.results:
            results = results_in(options.results.read_text(encoding="utf-8"))
        statements = read_statements(STATEMENTS.read_text(encoding="utf-8"))
        made = page(statements, tests_in_sources(ROOT), results)
        if options.check and PAGE.read_text(encoding="utf-8") != made:
            raise Wrong(f"{PAGE.name} is not what the sources make of it: run report.py --write")
    except (Wrong, OSError) as error:
        print(f"report.py: {error}", file=sys.stderr)
        return 1
    if options.write:
        PAGE.write_text(made, encoding="utf-8")
    elif not options.check:
        print(made, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
